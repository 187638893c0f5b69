import { Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEchoGuard } from './echo-guard.ts'

const pan = testCards.visa
const masked = '411111******1111'
const code = '123'
const guardOf = (sent: Partial<Parameters<typeof createEchoGuard>[0]>) =>
  createEchoGuard({ pan: undefined, accountNumber: undefined, code: undefined, ...sent })
const guard = guardOf({ pan: new Secret(pan), code: new Secret(code) })

const json = (text: string) => guard.body({ text, saysJson: true })
const text = (value: string) => guard.body({ text: value, saysJson: false }).text
const stars = (value: string) => '*'.repeat(value.length)

const each = (digits: string, write: (digit: string) => string) => Array.from(digits, write).join('')
const hexOf = (digit: string) => digit.charCodeAt(0).toString(16)
const fours = (by: string) => pan.replace(/(.{4})(?!$)/g, `$1${by}`)

describe('a card number that can be read is masked to first six and last four', () => {
  test.each([
    ['plain', pan, masked],
    ['spaced', fours(' '), '4111 11** **** 1111'],
    ['dashed', fours('-'), '4111-11**-****-1111'],
    ['dotted', fours('.'), '4111.11**.****.1111'],
    ['as a form writes spaces', fours('+'), '4111+11**+****+1111'],
    ['with no-break spaces', fours('\u00a0'), '4111\u00a011**\u00a0****\u00a01111'],
    [
      'two separators between any digits',
      each(pan, (digit) => `${digit} -`),
      '4 -1 -1 -1 -1 -1 -* -* -* -* -* -* -1 -1 -1 -1 -',
    ],
    ['in groups with a spaced dash between', fours(' - '), '4111 - 11** - **** - 1111'],
    ['over a soft line break', `41111111=\r\n11111111`, '411111**=\r\n****1111'],
    ['with no-break spaces in another encoding', fours('\ufffd'), '4111\ufffd11**\ufffd****\ufffd1111'],
    ['over a line end', fours('\r\n'), '4111\r\n11**\r\n****\r\n1111'],
    ['inside a longer number', `99${pan}99`, `99${masked}99`],
    ['twice', `${pan} ${pan}`, `${masked} ${masked}`],
    ['after a digit that could have been its first', `4${pan}`, `4${masked}`],
    ['after most of itself', `411111111111111 ${pan}`, `411111111111111 ${masked}`],
    ['after a percent sign', `%${pan}`, `%${masked}`],
  ])('%s', (_name, echo, expected) => {
    expect(text(`number ${echo} refused`)).toBe(`number ${expected} refused`)
  })
})

describe('an encoded card number is covered whole', () => {
  const forms: readonly (readonly [string, string])[] = [
    ['URL-encoded digits', each(pan, (digit) => `%${hexOf(digit)}`)],
    ['URL-encoded twice', each(pan, (digit) => `%25${hexOf(digit)}`)],
    ['one URL-encoded digit', pan.replace('4', '%34')],
    ['URL-encoded spaces and an encoded digit', fours('%20').replace('4', '%34')],
    ['JSON escapes', each(pan, (digit) => `\\u00${hexOf(digit)}`)],
    ['JSON escapes within JSON', each(pan, (digit) => `\\\\u00${hexOf(digit)}`)],
    ['script escapes', each(pan, (digit) => `\\x${hexOf(digit)}`)],
    ['decimal entities', each(pan, (digit) => `&#${digit.charCodeAt(0)};`)],
    ['hexadecimal entities', each(pan, (digit) => `&#x${hexOf(digit)};`)],
    ['long entities', each(pan, (digit) => `&#0000${digit.charCodeAt(0)};`)],
    ['entities without an end', each(pan, (digit) => `&#${digit.charCodeAt(0)}`)],
    ['entities escaped again', each(pan, (digit) => `&amp;#${digit.charCodeAt(0)};`)],
    ['hexadecimal', Buffer.from(pan).toString('hex')],
    ['hexadecimal of the spaced form', Buffer.from(fours(' ')).toString('hex')],
    ['hexadecimal of the dashed form, upper case', Buffer.from(fours('-')).toString('hex').toUpperCase()],
  ]
  test.each(forms)('%s', (_name, echo) => {
    expect(text(`number ${echo} refused`)).toBe(`number ${stars(echo)} refused`)
  })

  const encodings = ['base64', 'base64url'] as const
  const spellings = [pan, fours(' '), fours('-')]
  const cases = encodings.flatMap((encoding) =>
    spellings.flatMap((spelling) =>
      [0, 1, 2].map((before) => [encoding, spelling.length, before, spelling] as const),
    ),
  )
  test.each(cases)(
    '%s of the form with %i characters, %i bytes after a boundary',
    (encoding, _, before, spelling) => {
      const echo = Buffer.from(`${'?'.repeat(before)}${spelling}`).toString(encoding)
      expect(text(`number ${echo} refused`)).toBe(`number ${stars(echo)} refused`)
      const longer = Buffer.from(`${'>>>'.repeat(9)}${'?'.repeat(before)}${spelling}, and more`).toString(
        encoding,
      )
      expect(text(`"${longer}"`)).toBe(`"${stars(longer)}"`)
    },
  )
})

describe('an encoded card number is covered whole over the gaps in it', () => {
  const request = (before: number) =>
    `${' '.repeat(before)}${JSON.stringify({ amount: 1999, pan, cvc: code, note: '?' })}`
  const inLines = (width: number, end: string, before: number) =>
    Buffer.from(request(before))
      .toString('base64')
      .replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`)
  const widths = [60, 64, 76]
  // The number comes to stand before, over and after a line's end, at each distance from a boundary of base64.
  const shifts = Array.from({ length: 60 }, (_, shift) => shift)

  test.each(['\n', '\r\n', '\r\n ', ' '])('base64 in lines that end with %j', (end) => {
    for (const width of widths)
      for (const shift of shifts) {
        const echo = inLines(width, end, shift).trim()
        expect(text(`number: ${echo}`)).toBe(`number: ${stars(echo)}`)
        expect(json(JSON.stringify({ echo })).text).toBe(JSON.stringify({ echo: stars(echo) }))
        const within = JSON.stringify({ echo })
        expect(json(JSON.stringify({ within })).text).not.toMatch(/[A-Za-z0-9+/]{12}/)
        expect(text(`"${JSON.stringify(echo).slice(1, -1)}"`)).not.toMatch(/[A-Za-z0-9+/]{12}/)
      }
  })

  test.each(['&#13;\n', '%0D%0A', '\\r\\n'])('base64 in lines that end with %s', (end) => {
    for (const width of widths)
      for (const shift of shifts) expect(text(inLines(width, end, shift))).not.toMatch(/[A-Za-z0-9+/]{12}/)
  })

  const hex = (by: string) => Array.from(Buffer.from(request(0)), (byte) => hexByte(byte)).join(by)
  const hexByte = (byte: number) => byte.toString(16).padStart(2, '0')
  test.each([' ', ':', '-', '\n', ':\n    '])('hexadecimal bytes with %j between', (by) => {
    expect(text(`number ${hex(by)} refused`)).toBe(`number ${stars(hex(by))} refused`)
    expect(text(`number ${hex(by).toUpperCase()} refused`)).toBe(`number ${stars(hex(by))} refused`)
    expect(json(JSON.stringify({ hex: hex(by) })).text).toBe(JSON.stringify({ hex: stars(hex(by)) }))
  })

  test('hexadecimal in lines and in groups', () => {
    for (const width of [4, 8, 32, 60]) {
      const echo = hex('').replace(new RegExp(`.{${width}}(?!$)`, 'g'), '$&\n')
      expect(text(`number ${echo} refused`)).toBe(`number ${stars(echo)} refused`)
    }
  })

  test('a list of bytes, and JSON stays a list of numbers', () => {
    for (const spelling of [
      request(0),
      request(0).replace(pan, fours(' ')),
      request(0).replace(pan, fours('-')),
    ]) {
      const buffer = Buffer.from(spelling)
      const covered = { type: 'Buffer', data: Array.from(buffer, () => 0) }
      for (const indent of [0, 2, 8]) {
        const echo = JSON.stringify({ id: 947, buffer, next: [7] }, null, indent)
        expect(json(echo).text).toBe(JSON.stringify({ id: 947, buffer: covered, next: [7] }, null, indent))
        const within = JSON.stringify({ echo })
        const { echo: shown } = JSON.parse(json(within).text) as { echo: string }
        expect(shown).not.toMatch(/52|49/)
      }
      const list = Array.from(buffer).join(', ')
      expect(text(`bytes [${list}] of 1999, 12`)).toBe(`bytes [${stars(list)}] of 1999, 12`)
    }
  })

  test('and what stands beside it is left', () => {
    const line = Buffer.from(`{"a":"${'x'.repeat(40)}","pan":"${pan}"}`).toString('base64')
    expect(line.endsWith('==')).toBe(true)
    expect(text(`the request was\n${line}\nstatus declined`)).toBe(
      `the request was\n${stars(line)}\nstatus declined`,
    )
    for (const [before, after] of [
      ['add', 'cab'],
      ['cube', 'faces'],
    ])
      expect(text(`${before} ${hex(' ')} ${after}`)).toBe(`${before} ${stars(hex(' '))} ${after}`)
    const bytes = Array.from(Buffer.from(pan)).join(',')
    expect(text(`1999,${bytes},2030`)).toBe(`1999,${stars(bytes)},2030`)
  })

  test('twice, each for itself', () => {
    const echo = Buffer.from(request(0)).toString('base64')
    expect(text(`${echo}; ${echo}`)).toBe(`${stars(echo)}; ${stars(echo)}`)
  })
})

test('separators that are escaped stay between the digits that are shown', () => {
  for (const by of ['%20', '%2D', '%2d', '%C2%A0', '\\u0020', '\\u00a0', '&nbsp;', '&#32;', '&#xa0;', '\\n'])
    expect(text(`[${fours(by)}`)).toBe(`[4111${by}11**${by}****${by}1111`)
})

test('more than three separators between digits make no number', () => {
  const spread = each(pan, (digit) => `${digit} -- `)
  expect(text(spread)).toBe(spread)
})

test('a number that begins like its own inside is found after a false start', () => {
  const own = guardOf({ pan: new Secret(testCards.mastercard) })
  const shown = '555555******4444'
  for (const before of ['5', '555', '55555555555554', '5555 5555 '])
    expect(own.body({ text: before + testCards.mastercard, saysJson: false }).text).toBe(before + shown)
})

test.each(Object.entries(testCards))(
  '%s, of whatever length, is masked in every grouping',
  (_name, number) => {
    const own = guardOf({ pan: new Secret(number) })
    const expected = number.slice(0, 6) + '*'.repeat(number.length - 10) + number.slice(-4)
    expect(own.body({ text: number, saysJson: false }).text).toBe(expected)
    const groups = `${number.slice(0, 4)} ${number.slice(4, 10)} ${number.slice(10)}`
    expect(own.body({ text: groups, saysJson: false }).text.replaceAll(' ', '')).toBe(expected)
  },
)

test.each([testCards.amex, testCards.diners])(
  'a number of 14 or 15 digits is found in base64 as it is printed on a card',
  (number) => {
    const own = guardOf({ pan: new Secret(number) })
    const groups = [number.slice(0, 4), number.slice(4, 10), number.slice(10)]
    for (const spelling of [groups.join(' '), groups.join('-')]) {
      const echo = Buffer.from(spelling).toString('base64')
      expect(own.body({ text: echo, saysJson: false }).text).toBe(stars(echo))
    }
  },
)

describe('JSON stays JSON of the same types', () => {
  test.each([
    ['a string', `{"number":"${pan}"}`, `{"number":"${masked}"}`],
    ['a number', `{"number":${pan}}`, '{"number":4111110000001111}'],
    ['a number with decimals', `{"n":${pan}.00}`, '{"n":4111110000001111.00}'],
    ['a number with an exponent', '{"n":4.111111111111111e15}', '{"n":4.111110000001111e15}'],
    ['a negative number', `[-${pan}]`, '[-4111110000001111]'],
    ['a number that contains it', `[7${pan}7]`, '[741111100000011117]'],
    ['a number that is its hexadecimal form', `[${Buffer.from(pan).toString('hex')}]`, '[0]'],
    ['a name', `{"${pan}":1}`, `{"${masked}":1}`],
    ['escaped digits', `{"n":"\\u0034${pan.slice(1)}"}`, `{"n":"${masked}"}`],
    ['an escaped percent sign', `{"n":"\\u002534${pan.slice(1)}"}`, `{"n":"${stars(`%34${pan.slice(1)}`)}"}`],
    ['escaped entities', `{"n":"\\u0026#52;${pan.slice(1)}"}`, `{"n":"${stars(`&#52;${pan.slice(1)}`)}"}`],
    [
      'escaped base64',
      '{"n":"\\u004eDExMTExMTExMTExMTExMQ=="}',
      `{"n":"${stars('NDExMTExMTExMTExMTExMQ==')}"}`,
    ],
    ['JSON in a string', `{"raw":"{\\"number\\":\\"${pan}\\"}"}`, `{"raw":"{\\"number\\":\\"${masked}\\"}"}`],
    [
      'base64 after an escaped line end',
      '["\\nNDExMTExMTExMTExMTExMQ=="]',
      `["\\n${stars('NDExMTExMTExMTExMTExMQ==')}"]`,
    ],
    ['a bare string', `"${pan}"`, `"${masked}"`],
    ['a bare number', pan, '4111110000001111'],
  ])('%s', (_name, echo, expected) => {
    expect(json(echo)).toEqual({ type: 'json', text: expected })
  })

  test('what is not card data keeps its exact spelling, beside card data too', () => {
    const rest =
      '{ "amount": 10.00, "big": 12345678901234567890, "e": 1E+2, "__proto__": {"polluted": true}, "constructor": {"prototype": 1},\t"s": "\\u00e9\\/\\"", "twice": 1, "twice": 2, "none": [], "t": true, "n": null'
    expect(json(`${rest} }`).text).toBe(`${rest} }`)
    expect(json(`${rest}, "number": "${pan}" }`).text).toBe(`${rest}, "number": "${masked}" }`)
    expect('polluted' in {}).toBe(false)
  })

  test('JSON that is not called so is masked as JSON', () => {
    expect(guard.body({ text: ` {"n":${pan}}`, saysJson: false })).toEqual({
      type: 'text',
      text: ' {"n":4111110000001111}',
    })
  })

  test('what is called JSON and is none is masked as text', () => {
    expect(guard.body({ text: `{"n":"${pan}"`, saysJson: true })).toEqual({
      type: 'text',
      text: `{"n":"${masked}"`,
    })
    expect(guard.body({ text: '', saysJson: true })).toEqual({ type: 'text', text: '' })
  })

  test('any value keeps its shape, and shows the number nowhere, whatever it holds', () => {
    const needles = [
      pan,
      fours(' '),
      each(pan, (digit) => `%${hexOf(digit)}`),
      Buffer.from(`x${pan}y`).toString('base64'),
    ]
    const hidden = fc
      .constantFrom(...needles)
      .chain((needle) => fc.tuple(fc.string(), fc.string()).map(([a, b]) => `${a} ${needle} ${b}`))
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        hidden,
        fc.integer(),
        fc.boolean(),
        fc.constant(Number(pan)),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), hidden), tie('tree'), { maxKeys: 4 }),
      ),
    }))
    const spellings = fc.constantFrom(
      (value: string) => value,
      (value: string) =>
        value.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (value: string) => value.replace(/4/g, (c) => `\\u003${c}`),
    )
    fc.assert(
      fc.property(tree, spellings, (value, spell) => {
        const strings = JSON.stringify(value, null, 1).replace(/"(?:[^"\\]|\\.)*"/g, (found) => spell(found))
        const covered = json(strings)
        expect(covered.type).toBe('json')
        const after: unknown = JSON.parse(covered.text)
        expect(shapeOf(after)).toEqual(shapeOf(JSON.parse(strings)))
        const shown = JSON.stringify(after)
        for (const needle of needles) expect(shown).not.toContain(needle)
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  test('a JSON text without card data is passed on as it is', () => {
    fc.assert(
      fc.property(fc.json(), (value) => {
        fc.pre(!value.includes(code))
        expect(json(value).text).toBe(value)
      }),
      { seed: 7 },
    )
  })
})

const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value === 'object' && value !== null) return Object.values(value).map(shapeOf)
  return typeof value
}

describe('the code is masked in JSON', () => {
  test.each([
    ['as a whole string in any field', '{"echo":"123"}', '{"echo":"***"}'],
    ['as a whole string in a list', '["123",["123"]]', '["***",["***"]]'],
    ['as a whole string with space around it', '{"echo":" 123 "}', '{"echo":" *** "}'],
    ['as a bare string', '"123"', '"***"'],
    ['as an escaped string', '{"echo":"\\u0031\\u0032\\u0033"}', '{"echo":"***"}'],
    ['as a number in a field named so', '{"cvv":123}', '{"cvv":0}'],
    ['as a number with decimals there', '{"cvc":123.0}', '{"cvc":0}'],
    ['inside a string in a field named so', '{"cvc":"was 123."}', '{"cvc":"was ***."}'],
    ['below a field named so', '{"cvv":{"value":123,"list":[123]}}', '{"cvv":{"value":0,"list":[0]}}'],
    ['in a field named by escapes', '{"\\u0063vv":123}', '{"\\u0063vv":0}'],
    [
      'in JSON within a string',
      '{"raw":"{\\"cvv\\":\\"123\\",\\"amount\\":123}"}',
      '{"raw":"{\\"cvv\\":\\"***\\",\\"amount\\":123}"}',
    ],
    ['next to its name within a string', '{"message":"CVV 123 is wrong"}', '{"message":"CVV *** is wrong"}'],
    ['beside its name', '{"name":"cvv","value":123}', '{"name":"cvv","value":0}'],
    ['before its name', '{"value":123,"param":"card[cvc]"}', '{"value":0,"param":"card[cvc]"}'],
    [
      'beside a path to it',
      '[{"input":123,"loc":["body","cvv"]},{"input":123,"loc":["body","zip"]}]',
      '[{"input":0,"loc":["body","cvv"]},{"input":123,"loc":["body","zip"]}]',
    ],
    [
      'beside its name, after an object',
      '{"name":"cvv","type":{"n":1},"value":123}',
      '{"name":"cvv","type":{"n":1},"value":0}',
    ],
    ['beside an escaped name', '{"field":"\\u0063vv","value":[123]}', '{"field":"\\u0063vv","value":[0]}'],
    [
      'before its name within a string',
      '{"message":"123 is not a valid cvc"}',
      '{"message":"*** is not a valid cvc"}',
    ],
    ['after an amount within it', '{"cvv":[{"amount":123},123]}', '{"cvv":[{"amount":123},0]}'],
    ['after an amount', '{"amount":{"value":123},"cvv":123}', '{"amount":{"value":123},"cvv":0}'],
  ])('%s', (_name, echo, expected) => {
    expect(json(echo)).toEqual({ type: 'json', text: expected })
  })

  const names =
    'cvv cvc cvv2 CVC2 cid csc cav2 cvn security_code securityCode SecurityCode security-code verification_value card_code cardCode cv2 card_cv2 CardSecurityValue card_cvv cvvNumber card_verification_value'
  test.each(names.split(' '))('as a number in a field named %s', (name) => {
    expect(json(`{"${name}":123}`).text).toBe(`{"${name}":0}`)
  })
})

describe('what happens to equal the code is not masked', () => {
  test.each([
    '{"amount":123}',
    '{"amount":"123"}',
    '{"amount_captured":"123","unitPrice":"123","TOTAL":"123","amt":"123"}',
    '{"amount":{"currency":"EUR","value":"123"}}',
    '{"amounts":["123",{"x":"123"}]}',
    '{"quantity":"123","qty":"123"}',
    '{"currency":"123","currency_code":"123"}',
    '{"status":"123","statusCode":"123","http_status":123}',
    '{"id":123,"count":"123"}',
    '{"id":"ch_123","message":"order 123 approved","date":"2026-01-23"}',
    '{"cvv_check":"pass","cvv":"1234","x":"12345"}',
    '{"incident":"accident 123"}',
    '{"name":"cvv","amount":123,"total":"123"}',
    '{"name":"zip","value":123}',
    '{"name":"cvv","inner":{"n":123},"after":[{"n":123}]}',
    '[{"name":"cvv"},{"value":123}]',
    '{"message":"cvv failed","n":123}',
    '{"srcV2":123}',
    '{"123":true}',
    '[123, 1.123, -123, 123e1]',
  ])('%s', (body) => {
    expect(json(body)).toEqual({ type: 'json', text: body })
  })

  test.each([
    'amount=123&currency=EUR',
    'cvv=M&amount=123',
    'cvv: pass, amount: 123',
    '<cvv>M</cvv><amount>123</amount>',
    'cvv=1234&x=0123',
    'cvv=0.123',
    'cvv=123.45',
    'accident 123, incident 123, discard code123',
    'order 123',
    '123 is not a valid order; cvv passed',
    '123 of the zip code, cvv passed',
    'amount=123&cvv=M',
    'a=123 cvv=M',
    'amount 123 is not valid for this cvv',
    'an amount of 123 is not valid for this cvv',
    '123.45 is not valid for cvv',
    '<amount>123</amount><cvv>M</cvv>',
    '<input value="123" name="amount"><input name="cvv">',
    '<name>zip</name><value>123</value>',
    '<name>cvv</name><amount>123</amount>',
  ])('as text: %s', (body) => {
    expect(text(body)).toBe(body)
  })

  test('a field named like an account is none named like a count', () => {
    expect(json('{"account":"123"}').text).toBe('{"account":"***"}')
  })
})

describe('the code is masked in text next to a name for it', () => {
  test.each([
    ['number=x&cvv=123&amount=123', 'number=x&cvv=***&amount=123'],
    ['card[cvc]=123', 'card[cvc]=***'],
    ['card%5Bcvc%5D=123&a=1', 'card%5Bcvc%5D=***&a=1'],
    ['%7B%22cvv%22%3A%22123%22%7D', '%7B%22cvv%22%3A%22***%22%7D'],
    ['<cvv>123</cvv>', '<cvv>***</cvv>'],
    [
      '<pay:SecurityCode type="n"> 123 </pay:SecurityCode>',
      '<pay:SecurityCode type="n"> *** </pay:SecurityCode>',
    ],
    ['<cvc><![CDATA[123]]></cvc>', '<cvc><![CDATA[***]]></cvc>'],
    ['<field name="cvv2">123</field>', '<field name="cvv2">***</field>'],
    ['<input name="cvv" value="123">', '<input name="cvv" value="***">'],
    ['&lt;cvv&gt;123&lt;/cvv&gt;', '&lt;cvv&gt;***&lt;/cvv&gt;'],
    ['cvv=&quot;123&quot;', 'cvv=&quot;***&quot;'],
    ['{"cvv": "123"', '{"cvv": "***"'],
    ["{'cvv': 123", "{'cvv': ***"],
    ['{\\"cvv\\":\\"123\\"', '{\\"cvv\\":\\"***\\"'],
    ['CVV: 123', 'CVV: ***'],
    ['The CVV2 code is 123.', 'The CVV2 code is ***.'],
    ['security code (123)', 'security code (***)'],
    ['cid 123', 'cid ***'],
    ['cv2=123', 'cv2=***'],
    ['Card Security Value: 123', 'Card Security Value: ***'],
    ['123 is not a valid cvc', '*** is not a valid cvc'],
    ["Value '123' is invalid for field cvv", "Value '***' is invalid for field cvv"],
    ['"123" does not match the security code', '"***" does not match the security code'],
    ['123 is invalid for card[cvc]', '*** is invalid for card[cvc]'],
    ['123 failed validation on body.card.cardCvv', '*** failed validation on body.card.cardCvv'],
    ['&quot;123&quot; is not a valid cvc', '&quot;***&quot; is not a valid cvc'],
    ['<input value="123" type="text" name="cvv">', '<input value="***" type="text" name="cvv">'],
    ['<name>CVV</name> <value><string>123</string>', '<name>CVV</name> <value><string>***</string>'],
    ['card_verification_value=123', 'card_verification_value=***'],
  ])('%s', (echo, expected) => {
    expect(text(echo)).toBe(expected)
  })
})

test('a code with leading zeros is masked as the number it becomes', () => {
  const own = guardOf({ code: new Secret('007') })
  const body = '{"cvv":7,"cvc":"007","other":"007","amount":7,"n":7}'
  expect(own.body({ text: body, saysJson: true }).text).toBe(
    '{"cvv":0,"cvc":"***","other":"***","amount":7,"n":7}',
  )
})

test('a code with leading zeros is masked where it came back as a number only', () => {
  const own = guardOf({ code: new Secret('007') })
  expect(own.body({ text: '{"cvv":7}', saysJson: true }).text).toBe('{"cvv":0}')
})

test('headers are masked by their values and by their names', () => {
  expect(
    guard.headers([
      ['x-card', pan],
      ['set-cookie', [`a=${fours('%20')}`, 'b=1']],
      ['location', `https://shop.example/?card=${pan}&cvv=123&amount=123`],
      ['x-cvv', '123'],
      ['x-security-code', 'was 123'],
      ['x-amount', '123'],
      ['content-length', '123'],
      [`x-${pan}`, '1'],
    ]),
  ).toEqual({
    'x-card': masked,
    'set-cookie': ['a=4111%2011**%20****%201111', 'b=1'],
    location: `https://shop.example/?card=${masked}&cvv=***&amount=123`,
    'x-cvv': '***',
    'x-security-code': 'was ***',
    'x-amount': '123',
    'content-length': '123',
    [`x-${masked}`]: '1',
  })
})

describe('bytes that show what their text does not are not readable', () => {
  const isReadable = (bytes: Buffer, decoded: string) => guard.isReadable({ bytes, text: decoded })
  const utf16 = (value: string) => Buffer.from(value, 'utf16le')

  test.each([`card ${pan}`, `card ${fours('-')}`, 'the cvv was 123'])('%s', (echo) => {
    const bytes = Buffer.from(`${echo} `.padEnd(40))
    expect(isReadable(bytes, bytes.toString('utf16le'))).toBe(false)
    expect(isReadable(utf16(echo), utf16(echo).toString())).toBe(false)
    expect(isReadable(utf16(echo).swap16(), utf16(echo).swap16().toString('latin1'))).toBe(false)
    const both = Buffer.concat([Buffer.from(echo), utf16(echo)])
    expect(isReadable(both, both.toString())).toBe(false)
  })

  test('and those of which the text shows it, or that hold none, are', () => {
    for (const echo of [`card ${pan}, cvv 123, München`, `card ${testCards.mastercard}, amount 123`]) {
      expect(isReadable(Buffer.from(echo), echo)).toBe(true)
      expect(isReadable(Buffer.from(echo, 'latin1'), echo)).toBe(true)
      expect(isReadable(utf16(echo), echo)).toBe(true)
      expect(isReadable(utf16(echo).swap16(), echo)).toBe(true)
    }
    expect(isReadable(Buffer.from([0, 1, 2]), '')).toBe(true)
  })
})

test('without card data in the request nothing is masked', () => {
  const own = guardOf({})
  const body = `{"number":"${pan}","cvv":"123"}`
  expect(own.body({ text: body, saysJson: true })).toEqual({ type: 'json', text: body })
  expect(own.isReadable({ text: '', bytes: Buffer.from(pan) })).toBe(true)
  expect(own.headers([['x-card', pan]])).toEqual({ 'x-card': pan })
})

test('another card number is not masked', () => {
  expect(text(testCards.mastercard)).toBe(testCards.mastercard)
  expect(json(`{"n":${testCards.mastercard}}`).text).toBe(`{"n":${testCards.mastercard}}`)
})

describe('a long text takes a bounded time, whatever it says', () => {
  const size = 512 * 1024
  const fill = (part: string) => part.repeat(Math.floor(size / part.length))
  // Twenty times what it takes on two slow cores; what grows with the square takes minutes.
  const boundMs = 4_000

  test.each([
    '1',
    '4',
    pan.slice(0, -1),
    `${each(pan.slice(0, -1), (digit) => `${digit} `)}`,
    pan,
    ' ',
    '%',
    '%31',
    '\\',
    '&amp;',
    '&#49;',
    '123 ',
    'cvv 123 ',
    'cvv=',
    '<cvv',
    'cvcvcvcvcvcvcvcvcv 123 ',
    'NDExM',
    '34313131',
    'NDEx ',
    'NDExMTExMTExMTExMTExMTEx\n',
    `${Buffer.from(`x${pan}`).toString('base64')}\n`,
    '\\n',
    '34 31 31 31 ',
    '52,49,49,49,',
    `${Array.from(Buffer.from(pan)).join()},1999,`,
    '123 is not a ',
    '123 is not valid for a cv',
    '"123" name="',
    '[',
    '{"a":',
  ])('text of "%s" again and again', (part) => {
    const started = performance.now()
    text(fill(part))
    expect(performance.now() - started).toBeLessThan(boundMs)
  })

  test.each([
    ['deep lists', `${'['.repeat(size / 2)}"123"${']'.repeat(size / 2)}`],
    ['deep objects', `${'{"cvv":'.repeat(size / 8)}123${'}'.repeat(size / 8)}`],
    ['many codes', `[${fill('"123",')}1]`],
    ['many numbers', `[${fill(`${pan},`)}1]`],
    ['backslashes', `["${fill('\\\\')}123"]`],
    ['quotation marks', `["${fill('\\"')}123"]`],
    ['names', `[${fill('{"name":"cvv","value":123},')}1]`],
    ['bytes', `[${fill(`${Array.from(Buffer.from(pan)).join()},`)}1]`],
    ['escapes', `["${fill('\\u0031')}"]`],
  ])('JSON of %s', (_name, body) => {
    const started = performance.now()
    json(body)
    expect(performance.now() - started).toBeLessThan(boundMs)
  })
})
