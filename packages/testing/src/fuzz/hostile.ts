/** JSON texts in the place of one field; `undefined` leaves the field out. */
type Substitute = string | undefined

/** A body whose fields can be replaced one by one, down to those of its objects. */
export type Shape = Readonly<Record<string, unknown>>

const marker = '@@here@@'

/** The body as JSON text with the field at `path` replaced by the text, which may be no JSON at all. */
export const substitute = (shape: Shape, path: readonly string[], text: Substitute): string => {
  const replaced = JSON.stringify(replaceAt(shape, path, text === undefined ? undefined : marker))
  return replaced.replace(`"${marker}"`, () => text ?? '')
}

const replaceAt = (value: unknown, path: readonly string[], by: unknown): unknown => {
  const [first, ...rest] = path
  if (first === undefined) return by
  return { ...(value as Shape), [first]: replaceAt((value as Shape)[first], rest, by) }
}

/** The paths of all fields, of objects and of what is in them. */
export const pathsOf = (shape: Shape, before: readonly string[] = []): readonly (readonly string[])[] =>
  Object.entries(shape).flatMap(([name, value]) => {
    const path = [...before, name]
    return typeof value === 'object' && value !== null ? [path, ...pathsOf(value as Shape, path)] : [path]
  })

/** The body with one more field in the object at `path`, written before the others. */
export const withField = (shape: Shape, path: readonly string[], field: string): string => {
  const inner = path.reduce<unknown>((value, name) => (value as Shape)[name], shape)
  const text = `{${field},${JSON.stringify(inner).slice(1)}`
  return path.length === 0 ? text : substitute(shape, path, text)
}

/** Of every kind but the one that a text field takes. */
export const notTexts: Readonly<Record<string, string>> = {
  'a whole number': '5',
  'a number with a fraction': '5.0',
  'a number beyond doubles': '1e999',
  true: 'true',
  null: 'null',
  'an array': '[]',
  'an array of texts': '["4111111111111111"]',
  'an object': '{}',
  'an object with a prototype':
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  'an object that looks like a raw number': '{"rawJSON":"1"}',
}

export const notObjects: Readonly<Record<string, string>> = {
  'a whole number': '5',
  'a number with a fraction': '5.0',
  true: 'true',
  null: 'null',
  'an array': '[]',
  'a text': '"4111111111111111"',
}

export const notIntegers: Readonly<Record<string, string>> = {
  'a fraction': '5.5',
  'a number below all': '-1',
  'a number beyond doubles': '1e999',
  'a number of many digits': '12345678901234567890',
  true: 'true',
  null: 'null',
  'an array': '[]',
  'an object': '{}',
  'a text': '"5"',
}

export const notBooleans: Readonly<Record<string, string>> = {
  'a whole number': '1',
  null: 'null',
  'an array': '[]',
  'an object': '{}',
  'a text': '"true"',
}

/** Texts that no field takes as they are. */
export const spoiltTexts: Readonly<Record<string, string>> = {
  'a text with NUL': String.raw`"4111111111111111\u0000"`,
  'a long text': `"${'4111'.repeat(1_000)}"`,
}

/** Bytes in the place of a whole body. */
export const notBodies: Readonly<Record<string, string | Uint8Array>> = {
  nothing: '',
  'one space': ' ',
  null: 'null',
  'a number': '5',
  'a number with a fraction': '5.0',
  'a text': '"4111111111111111"',
  'an array': '[]',
  'an array of bodies': '[{},{}]',
  'no JSON': '{cardNumber: 4111111111111111}',
  'JSON that ends early': '{"cardNumber":"4111111111111111"',
  'JSON and more': '{}{}',
  'a byte order mark': '\ufeff{}',
  'a control character': '{"a":"\u0000"}',
  'bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'an overlong form of UTF-8': Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
  'a surrogate in UTF-8': Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  'UTF-16': Buffer.from('{}', 'utf16le'),
  'arrays 65 deep': '['.repeat(65) + ']'.repeat(65),
  'objects 65 deep': '{"a":'.repeat(65) + '1' + '}'.repeat(65),
  'thirty thousand open brackets': '['.repeat(30_000),
  XML: '<card><number>4111111111111111</number></card>',
  'form fields': 'cardNumber=4111111111111111&cvv=123',
}

/** Fields that no route knows, as JSON text. */
export const strangeFields: Readonly<Record<string, string>> = {
  'an unknown field': '"extra":1',
  'a field with another case': '"CardNumber":"4111111111111111"',
  __proto__: '"__proto__":{"polluted":true}',
  '__proto__ that is no object': '"__proto__":"polluted"',
  constructor: '"constructor":{"prototype":{"polluted":true}}',
  toString: '"toString":1',
  'an empty name': '"":1',
  'a name that is half a character': String.raw`"\ud800":1`,
  'a card number for a name': '"4111111111111111":1',
  'a spaced card number for a name': '"4111 1111 1111 1111":1',
  'a dotted card number for a name': '"4111.1111.1111.1111":1',
  'a card number across the end of what is shown': `"${'x'.repeat(50)}4111111111111111":1`,
}
