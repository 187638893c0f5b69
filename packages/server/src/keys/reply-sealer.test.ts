import type { KeptReply } from '@cardkeep/core/idempotency/claim'
import { Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createRequestMarker } from './idempotency-hasher.ts'
import { createReplySealer } from './reply-sealer.ts'

const actor = { type: 'vault', id: undefined } as const
const rotation = { purpose: 'idempotency', owner: undefined, actor } as const
const reply: KeptReply = { status: 201, body: '{"cardholder_name":"Jane Hölder"}' }

const request = { tenantId: tenantAt(1), route: 'hellgate POST /cde-import', key: 'order-1' }

const makeFixture = async () => {
  const clock = createFixedClock()
  const fixture = await createKeyFixture({ clock, ids: createCountingIds() })
  const marker = createRequestMarker(fixture.keyring)
  const marksOf = (parts: Partial<typeof request> = {}, content: string = testCards.visa) =>
    marker.mark({ ...request, ...parts, content: new Secret(content), at: clock.now() })
  const markOf = (parts?: Partial<typeof request>, content?: string) => {
    const [mark] = marksOf(parts, content)
    if (!mark) throw new Error('a request has no mark')
    return mark
  }
  return { ...fixture, marksOf, markOf, sealer: createReplySealer(fixture.keyring) }
}

test.each([
  ['with a body', reply],
  ['without one', { status: 204, body: '' }],
])('a sealed reply opens for its request, %s', async (_, given) => {
  const { sealer, markOf } = await makeFixture()
  expect(await sealer.open(markOf(), sealer.seal(markOf(), given))).toEqual(given)
})

test('equal replies look different each time, and none of what they say is seen', async () => {
  const { sealer, markOf } = await makeFixture()
  const [one, two] = [0, 1].map(() => Buffer.from(sealer.seal(markOf(), reply).sealedBody))
  expect(one?.equals(two ?? Buffer.alloc(0))).toBe(false)
  expect(one?.includes('Jane')).toBe(false)
})

test.each([
  ['key', { key: 'order-2' }, testCards.visa],
  ['route', { route: 'hellgate POST /tokens/session' }, testCards.visa],
  ['tenant', { tenantId: tenantAt(2) }, testCards.visa],
  ['content', {}, testCards.mastercard],
])('a sealed reply does not open for a request with another %s', async (_, parts, content) => {
  const { sealer, markOf } = await makeFixture()
  const stored = sealer.seal(markOf(), reply)
  await expect(sealer.open(markOf(parts, content), stored)).rejects.toThrow('belong elsewhere')
})

test('a sealed reply does not open with another status, nor with any bit of it changed', async () => {
  const { sealer, markOf } = await makeFixture()
  const stored = sealer.seal(markOf(), reply)
  await expect(sealer.open(markOf(), { ...stored, status: 200 })).rejects.toThrow('belong elsewhere')
  for (let bit = 0; bit < stored.sealedBody.length * 8; bit++) {
    const sealedBody = Buffer.from(stored.sealedBody)
    sealedBody[bit >> 3] = (sealedBody[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await expect(sealer.open(markOf(), { ...stored, sealedBody })).rejects.toThrow(Error)
  }
})

describe('after a rotation', () => {
  test('a reply of before opens, and a new one is sealed under the new key for every mark of its request', async () => {
    const { sealer, keyring, markOf, marksOf } = await makeFixture()
    const before = { mark: markOf(), stored: sealer.seal(markOf(), reply) }
    await keyring.rotate(rotation)
    expect(await sealer.open(before.mark, before.stored)).toEqual(reply)
    const marks = marksOf()
    expect(marks).toHaveLength(2)
    const sealed = marks.map((mark) => sealer.seal(mark, reply))
    expect(sealed.map(({ sealedBody }) => Buffer.from(sealedBody).readUInt32BE(2))).toEqual([2, 2])
    const opened = await Promise.all(sealed.map((one, at) => sealer.open(marks[at] ?? markOf(), one)))
    expect(opened).toEqual([reply, reply])
  })

  test('a node that missed it opens a reply that was sealed after it', async () => {
    const { sealer, keyring, another, markOf } = await makeFixture()
    const late = createReplySealer(await another())
    const mark = markOf()
    await keyring.rotate(rotation)
    expect(await late.open(mark, sealer.seal(mark, reply))).toEqual(reply)
  })
})
