import { Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEchoGuard } from './echo-guard.ts'

const pan = testCards.visa
const masked = '411111******1111'
const code = '123'
const guard = createEchoGuard({ pan: new Secret(pan), code: new Secret(code) })

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

test('separators that are escaped stay between the digits that are shown', () => {
  for (const by of ['%20', '%2D', '%2d', '%C2%A0', '\\u0020', '\\u00a0', '&nbsp;', '&#32;', '&#xa0;', '\\n'])
    expect(text(`[${fours(by)}`)).toBe(`[4111${by}11**${by}****${by}1111`)
})

test('more than two separators between digits make no number', () => {
  const spread = each(pan, (digit) => `${digit} - `)
  expect(text(spread)).toBe(spread)
})

test('a number that begins like its own inside is found after a false start', () => {
  const own = createEchoGuard({ pan: new Secret(testCards.mastercard), code: undefined })
  const shown = '555555******4444'
  for (const before of ['5', '555', '55555555555554', '5555 5555 '])
    expect(own.body({ text: before + testCards.mastercard, saysJson: false }).text).toBe(before + shown)
})

test.each(Object.entries(testCards))(
  '%s, of whatever length, is masked in every grouping',
  (_name, number) => {
    const own = createEchoGuard({ pan: new Secret(number), code: undefined })
    const expected = number.slice(0, 6) + '*'.repeat(number.length - 10) + number.slice(-4)
    expect(own.body({ text: number, saysJson: false }).text).toBe(expected)
    const groups = `${number.slice(0, 4)} ${number.slice(4, 10)} ${number.slice(10)}`
    expect(own.body({ text: groups, saysJson: false }).text.replaceAll(' ', '')).toBe(expected)
  },
)

test.each([testCards.amex, testCards.diners])(
  'a number of 14 or 15 digits is found in base64 as it is printed on a card',
  (number) => {
    const own = createEchoGuard({ pan: new Secret(number), code: undefined })
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
    ['after an amount within it', '{"cvv":[{"amount":123},123]}', '{"cvv":[{"amount":123},0]}'],
    ['after an amount', '{"amount":{"value":123},"cvv":123}', '{"amount":{"value":123},"cvv":0}'],
  ])('%s', (_name, echo, expected) => {
    expect(json(echo)).toEqual({ type: 'json', text: expected })
  })

  const names =
    'cvv cvc cvv2 CVC2 cid csc cav2 cvn security_code securityCode SecurityCode security-code verification_value card_code cardCode card_cvv cvvNumber card_verification_value'
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
    ['card_verification_value=123', 'card_verification_value=***'],
  ])('%s', (echo, expected) => {
    expect(text(echo)).toBe(expected)
  })
})

test('a code with leading zeros is masked as the number it becomes', () => {
  const own = createEchoGuard({ pan: undefined, code: new Secret('007') })
  const body = '{"cvv":7,"cvc":"007","other":"007","amount":7,"n":7}'
  expect(own.body({ text: body, saysJson: true }).text).toBe(
    '{"cvv":0,"cvc":"***","other":"***","amount":7,"n":7}',
  )
})

test('a code with leading zeros is masked where it came back as a number only', () => {
  const own = createEchoGuard({ pan: undefined, code: new Secret('007') })
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

test('without card data in the request nothing is masked', () => {
  const own = createEchoGuard({ pan: undefined, code: undefined })
  const body = `{"number":"${pan}","cvv":"123"}`
  expect(own.body({ text: body, saysJson: true })).toEqual({ type: 'json', text: body })
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
    ['escapes', `["${fill('\\u0031')}"]`],
  ])('JSON of %s', (_name, body) => {
    const started = performance.now()
    json(body)
    expect(performance.now() - started).toBeLessThan(boundMs)
  })
})
