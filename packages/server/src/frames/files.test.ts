import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Reply } from '../http/route.ts'
import { type FileName, fileNames, filePage, readElementsFile } from './files.ts'

const ask = async (
  name: FileName,
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> => {
  const page = filePage(name, readElementsFile(name))
  expect(page.path).toBe(`/elements/v1/${name}`)
  const answer = await page.answer({ requestId: 'r', origin: '127.0.0.1' }, { params: {}, query, headers })
  if (!answer.ok) throw new Error(answer.error.type)
  return answer.value
}

const published = () => JSON.parse(readElementsFile('sri.json').text) as Readonly<Record<string, string>>

test('every script has the digest that is published', async () => {
  const scripts = fileNames.filter((name) => name !== 'sri.json')
  expect(Object.keys(published()).toSorted()).toEqual(scripts.toSorted())
  for (const name of scripts) {
    const { body } = await ask(name)
    const digest = `sha384-${createHash('sha384')
      .update(body as string)
      .digest('base64')}`
    expect(digest).toBe(published()[name])
    expect(readElementsFile(name).digest).toBe(digest)
  }
})

test('any page may load it, as what it is', async () => {
  for (const name of fileNames) {
    const { headers, contentType } = await ask(name)
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    })
    expect(contentType).toMatch(/^(?:text\/javascript|application\/json); charset=utf-8$/)
  }
})

test('only an address that names the bytes may be kept without asking', async () => {
  const { mark } = readElementsFile('elements.js')
  const cacheOf = async (query: Readonly<Record<string, string>>) =>
    (await ask('elements.js', query)).headers?.['cache-control']
  expect(await cacheOf({ h: mark })).toBe('public, max-age=31536000, immutable')
  expect(await cacheOf({})).toBe('public, no-cache')
  expect(await cacheOf({ h: 'older' })).toBe('public, no-cache')
})

test('a browser that has these bytes is not sent them again', async () => {
  const first = await ask('frame.js')
  const again = await ask('frame.js', {}, { 'if-none-match': first.headers?.['etag'] ?? '' })
  expect([again.status, again.body]).toEqual([304, undefined])
})

test('the library goes out as its makers published it, under the digest that the script which loads it was built with', async () => {
  const library = readElementsFile('openpgp.mjs')
  const published = new URL('../lightweight/openpgp.min.mjs', import.meta.resolve('openpgp'))
  expect(library.text).toBe(readFileSync(published, 'utf8'))
  expect(library.text).toMatch(/^\/\*! OpenPGP\.js v[\d.]+ .* LGPL/)
  for (const name of ['encrypt-card.js', 'encrypt-card.mjs'] as const) {
    const { text } = readElementsFile(name)
    expect(text).toContain(library.digest)
    expect(text).toContain(`openpgp.mjs?h=${library.mark}`)
  }
})
