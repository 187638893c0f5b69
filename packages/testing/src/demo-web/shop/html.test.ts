import { expect, test } from 'vitest'
import { html, type Insert, printMarkup } from './html.ts'

const print = (insert: Insert): string => printMarkup(html`<p title="${insert}">${insert}</p>`)

test.each([
  ['text that would open a tag', '<script>', '&lt;script&gt;'],
  ['text that would end an attribute', `" onload='x'`, '&quot; onload=&#39;x&#39;'],
  ['an entity', '&amp;', '&amp;amp;'],
  ['a number', 12, '12'],
  ['nothing', undefined, ''],
  ['a list of texts', ['<', '>'], '&lt;&gt;'],
])('%s is put in escaped', (_, insert, escaped) => {
  expect(print(insert)).toBe(`<p title="${escaped}">${escaped}</p>`)
})

test('markup is put in as it is, once escaped and never twice', () => {
  const item = (name: string) => html`<li>${name}</li>`
  expect(printMarkup(html`<ul>${['a', '<b>'].map(item)}</ul>`)).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>')
})

test('what came as JSON is never markup', () => {
  const forged = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as Insert
  expect(() => print(forged)).toThrow(TypeError)
})
