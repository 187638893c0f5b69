import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { jsonWords } from '@cardkeep/testing/fuzz/json-words'
import { runs } from '@cardkeep/testing/fuzz/runs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readStrictJson } from './strict-json.ts'

/*
 * The grammar of RFC 8259 once more, read slowly by a parser that keeps every key: whatever the platform's own parser does, what
 * is taken is what stands there, and what could be read in two ways is refused.
 */

const samples = [
  '{"a":{"b":[1,2.50,"x\\n\\u00e9\\ud83d\\ude00"],"c":null},"d":"\\"","e":-1e-7,"f":[{},[],[[""]]]}',
  '{"a":1,"b":2,"\\u0061b":{"a":3,"10":[true,false]},"2":"","__proto__":{"x":0}}',
  '[{"cardNumber":"4111111111111111","cvv":"123"},{"amount":-0}, 12345678901234567890 ]',
]
const words = [...jsonWords, '[['.repeat(20), ']]'.repeat(20)]

test('what is taken is what stands there, and nothing is taken that says a thing twice', () => {
  const texts = fc
    .tuple(fc.constantFrom(...samples), drawEdits(words, 6))
    .map(([sample, edits]) => applyEdits(Buffer.from(sample), edits))
  fc.assert(
    fc.property(texts, (bytes) => {
      const read = readStrictJson(bytes, { keepsNumbers: true })
      const meant = isUtf8(bytes) ? readSlowly(bytes.toString()) : undefined
      expect(read.ok ? spell(read.value) : undefined).toEqual(meant)
    }),
    runs(10_000),
  )
})

const isUtf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString()).equals(bytes)

/** What was read, with numbers as they were written and keys in one order. */
const spell = (value: unknown): unknown => {
  if (typeof value === 'number') return { number: String(value) }
  if (JSON.isRawJSON(value)) return { number: value.rawJSON }
  if (Array.isArray(value)) return value.map(spell)
  return typeof value === 'object' && value !== null ? { entries: entriesOf(value) } : value
}

const entriesOf = (value: object): unknown =>
  inOrder(Object.entries(value).map(([key, inner]) => [key, spell(inner)] as const))

const inOrder = <Value>(entries: readonly (readonly [string, Value])[]) =>
  entries.toSorted(([a], [b]) => (a < b ? -1 : 1))

/** The same of a text; `undefined` where it is no JSON, names a key twice, has one that is not taken, or is too deep. */
const readSlowly = (text: string): unknown => {
  let at = 0
  const take = (form: RegExp): string | undefined => {
    const found = new RegExp(form, 'y')
    found.lastIndex = at
    const [taken] = found.exec(text) ?? []
    if (taken !== undefined) at += taken.length
    return taken
  }
  const space = (): void => void take(/[ \t\n\r]*/)
  const need = (form: RegExp): string => {
    space()
    const taken = take(form)
    if (taken === undefined) throw new Error('no JSON')
    space()
    return taken
  }
  const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/
  const list = <Item>(end: RegExp, item: () => Item): readonly Item[] => {
    space()
    if (take(end) !== undefined) return []
    const items = [item()]
    while (take(/,/) !== undefined) items.push(item())
    need(end)
    return items
  }
  const value = (depth: number): unknown => {
    if (depth > 64) throw new Error('too deep')
    space()
    if (take(/\{/) !== undefined) {
      const entries = list(/\}/, () => {
        const key = JSON.parse(need(string)) as string
        need(/:/)
        return [key, value(depth + 1)] as const
      })
      const keys = entries.map(([key]) => key)
      if (new Set(keys).size < keys.length || keys.some((key) => key.endsWith('\\'))) throw new Error('a key')
      space()
      return { entries: inOrder(entries) }
    }
    if (take(/\[/) !== undefined) {
      const items = list(/\]/, () => value(depth + 1))
      space()
      return items
    }
    const literal = need(
      new RegExp(`${string.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`),
    )
    return /^[-\d]/.test(literal) ? { number: literal } : JSON.parse(literal)
  }
  try {
    const read = value(0)
    return at === text.length ? read : undefined
  } catch {
    return undefined
  }
}
