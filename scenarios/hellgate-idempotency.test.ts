import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { testCards } from '@cardkeep/testing/canary/cards'
import { listFolder } from '@cardkeep/testing/canary/chunks'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { databaseFiles } from './support/backends.ts'
import type { Json, Reply } from './support/client.ts'
import { cardAnswer, importBody, type Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { changeRows, readRows } from './support/rows.ts'
import { startScenario } from './support/scenario.ts'
import { formsOf } from './support/text-forms.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
let merchant: Merchant
beforeAll(async () => {
  merchant = await openMerchant(scenario)
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033, name: 'Jane Holder' }

const send = (path: string, key: string, body?: Json): Promise<Reply> =>
  merchant.call('POST', path, { headers: { 'x-idempotency-key': key }, ...(body && { body }) })
const bring = (key: string, body: Json = importBody(card)): Promise<Reply> => send('/cde-import', key, body)

const isReplay = ({ headers }: Reply) => headers['idempotent-replayed'] === 'true'
const conflict = { status: 409, body: { code: 409, classifier: 'CONFLICT' } }

const countTokens = (): number =>
  Number(readRows(scenario, 'select count(*) as count from tokens')[0]?.['count'])

test('an import under a key is answered again as it was, byte for byte, and makes no second token', async () => {
  const before = countTokens()
  const first = await bring('import')
  const again = await bring('import')
  expect([again.status, isReplay(again), again.text]).toEqual([200, true, first.text])
  expect(countTokens()).toBe(before + 1)
})

test('the order of its fields is nothing, and so is which code it is: the first stays held', async () => {
  const first = await bring('fields')
  const turned = Object.fromEntries(Object.entries(importBody({ ...card, code: '321' })).toReversed())
  const again = await bring('fields', turned)
  expect([isReplay(again), again.text]).toEqual([true, first.text])
  const token = String(first.body['id'])
  expect(await merchant.isCodeHeld(token)).toBe(true)
  await merchant.call('POST', `/tokens/${token}/consume`)
  await bring('fields')
  expect(await merchant.isCodeHeld(token)).toBe(false)
})

test.each<readonly [string, Json]>([
  ['card', { account_number: testCards.visa3 }],
  ['month', { expiry_month: 5 }],
  ['year', { expiry_year: 2034 }],
  ['name', { cardholder_name: 'John Holder' }],
])('with another %s the key is refused, and nothing is made', async (what, fields) => {
  await bring(`other-${what}`)
  const before = countTokens()
  expect(await bring(`other-${what}`, { ...importBody(card), ...fields })).toMatchObject(conflict)
  expect(countTokens()).toBe(before)
})

test('without the code that came at first it is another request', async () => {
  await bring('codeless')
  const { security_code: _, ...body } = importBody(card)
  expect(await bring('codeless', body)).toMatchObject(conflict)
})

test('what was refused may be corrected under the same key', async () => {
  const wrong = await bring('corrected', { ...importBody(card), account_number: '4242424242424241' })
  expect(wrong.status).toBe(422)
  expect(await bring('corrected')).toMatchObject({ status: 200 })
})

test('twenty at once make one token', async () => {
  const before = countTokens()
  const replies = await Promise.all(Array.from({ length: 20 }, () => bring('at-once')))
  const taken = replies.filter(({ status }) => status === 200)
  expect(new Set(taken.map(({ text }) => text)).size).toBe(1)
  for (const reply of replies.filter(({ status }) => status !== 200)) expect(reply).toMatchObject(conflict)
  expect(countTokens()).toBe(before + 1)
})

describe('a session that is opened under a key', () => {
  test('for a card is the same one again, and is answered once', async () => {
    const replies = [await send('/tokens/session', 'session'), await send('/tokens/session', 'session', {})]
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    const session = String(replies[0]?.body['session_id'])
    const payload = await merchant.seal(session, cardAnswer(card))
    expect(await merchant.complete(session, 'tokenize_card', payload)).toMatchObject({ status: 200 })
    expect(await send('/tokens/session', 'session', { expiration_time: 60 })).toMatchObject(conflict)
  })

  test('for a code is the same one again, and for another token there is none', async () => {
    const [one, other] = [await merchant.importCard(card), await merchant.importCard(card)]
    const path = `/tokens/${one}/refresh-session`
    const first = await send(path, 'refresh')
    expect((await send(path, 'refresh')).text).toBe(first.text)
    expect(await send(`/tokens/${other}/refresh-session`, 'refresh')).toMatchObject(conflict)
  })
})

test('what is kept of a reply holds no card number and no code, nor a digest that either could be guessed from', async () => {
  // A code of four digits, several times, is told from what stands there by chance.
  const times = 10
  for (let at = 0; at < times; at++) await bring(`kept-${at}`, importBody(amex))
  const rows = readRows(scenario, 'select * from idempotency_claims')
  expect(rows.length).toBeGreaterThanOrEqual(times)
  const kept = rows.flatMap((row) => Object.values(row).map(bytesOf))
  const holding = (secret: string | Buffer) => kept.filter((bytes) => bytes.includes(secret)).length
  expect(holding(amex.number)).toBe(0)
  expect(holding(createHash('sha256').update(amex.number).digest())).toBe(0)
  expect(holding(amex.code)).toBeLessThan(times / 2)
  expect(holding('security_code')).toBe(0)
})

test('neither the name that a reply tells nor the session that it opens is found in any file of the vault', async () => {
  const name = 'Quirinia Underthelock'
  const imported = await bring('in-files', importBody({ ...card, name }))
  expect(imported.body['cardholder_name']).toBe(name)
  const { body } = await send('/tokens/session', 'in-files')
  const session = String(body['session_id'])

  const { folder, options } = scenario
  const database = databaseFiles({ folder, settings: options.settings })
  // What was replied is written down by the scenario itself.
  const files = listFolder(folder).filter((file) => !file.endsWith('replies.txt'))
  const holding = (secret: string | Buffer): readonly string[] =>
    files.filter((file) => {
      const bytes = readFileSync(file)
      return formsOf(Buffer.from(secret)).some((form) => bytes.includes(form))
    })
  expect(database.filter((file) => files.some((known) => known.endsWith(file)))).toEqual(database)
  expect(holding('idempotency_claims')).not.toEqual([])
  for (const secret of [name, 'Underthelock', session, Buffer.from(session.replaceAll('-', ''), 'hex')])
    expect(holding(secret)).toEqual([])
})

test('what somebody wrote in the place of a reply is not sent, and what was answered runs no second time', async () => {
  await bring('overwritten')
  const before = countTokens()
  await changeRows(
    scenario,
    `update idempotency_claims set body = '{"id":"a token of somebody else"}'
      where at = (select max(at) from idempotency_claims)`,
  )
  for (const _ of [1, 2]) {
    const reply = await bring('overwritten')
    expect([reply.status, reply.text.includes('somebody')]).toEqual([500, false])
  }
  expect(countTokens()).toBe(before)
})

const amex = { number: testCards.amex, code: '7391' }

/** Columns of bytes come as such from one database, and as hexadecimal text from the other. */
const bytesOf = (value: unknown): Buffer => {
  if (value instanceof Uint8Array) return Buffer.from(value)
  const text = String(value)
  return text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text)
}
