import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import { done, refuse } from '@cardkeep/core/kernel/result'
import type { AdmittedForward, Egress, Lockouts, Parcel, SendOutcome, Store } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import type { SealedCode } from '../ephemeral/backend.ts'
import { createMemoryBackend } from '../ephemeral/memory/memory-backend.ts'
import { createMeters } from './registry.ts'
import { createWatch } from './watch.ts'

const open = () => {
  const clock = createFixedClock()
  const meters = createMeters()
  /** The samples of a family, by their labels. */
  const read = async (name: string): Promise<Readonly<Record<string, number>>> => {
    const lines = (await meters.print()).split('\n').filter((line) => line.startsWith(name))
    return Object.fromEntries(
      lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    )
  }
  return { clock, meters, read, watch: createWatch(meters, clock) }
}

const name = (at: number): Buffer => Buffer.alloc(16, at)
const codeAt = (at: number): SealedCode => ({
  name: name(at),
  tokenName: name(200),
  owner: 'shop',
  sealed: Buffer.alloc(32, at),
  ttlMs: 1_000,
  uses: 1,
  destinations: undefined,
})
const taker = { tokenName: name(200), destination: name(201) }

test('each step of a code on a server is counted, a drop of several as one', async () => {
  const { clock, read, watch } = open()
  const backend = watch.sharedCodes(createMemoryBackend({ clock, limitPerOwner: 5 }))
  for (const at of [1, 2, 3]) await backend.hold(codeAt(at))
  const taken = await backend.take(name(1), taker)
  await backend.giveBack(taken?.receipt)
  expect(await backend.drop(name(1))).toBe(true)
  expect(await backend.drop(name(1))).toBe(false)
  expect(await backend.dropToken(name(200), 'another')).toBe(false)
  expect(await backend.dropToken(name(200), undefined)).toBe(true)
  expect(await read('cardkeep_code_steps_total')).toEqual({
    '{step="held"}': 3,
    '{step="taken"}': 1,
    '{step="given_back"}': 1,
    '{step="dropped"}': 2,
  })
})

test('each step of a code is counted as what it came to', async () => {
  const { clock, read, watch } = open()
  const backend = watch.codes(createMemoryBackend({ clock, limitPerOwner: 5 }))
  for (const at of [1, 2, 3, 4, 5]) expect(await backend.hold(codeAt(at))).toBeDefined()
  expect(await backend.hold(codeAt(6))).toBeUndefined()
  const taken = await backend.take(name(1), taker)
  expect(await backend.take(name(1), taker)).toBeUndefined()
  expect(await backend.giveBack(taken?.receipt)).toBe(true)
  expect(await backend.giveBack(taken?.receipt)).toBe(false)
  expect(await backend.drop(name(2))).toBe(true)
  expect(await backend.drop(name(2))).toBe(false)
  clock.advance(1_000)
  expect(backend.sweep()).toBe(4)
  for (const at of [1, 2, 3]) await backend.hold(codeAt(at))
  expect(await backend.dropToken(name(200), 'another')).toBe(false)
  await backend.dropToken(name(200), undefined)
  await backend.hold(codeAt(1))
  await backend.dropAll()
  expect(await read('cardkeep_code_steps_total')).toEqual({
    '{step="held"}': 9,
    '{step="refused"}': 1,
    '{step="taken"}': 1,
    '{step="missed"}': 1,
    '{step="given_back"}': 1,
    '{step="not_given_back"}': 1,
    '{step="dropped"}': 5,
    '{step="expired"}': 4,
  })
})

test('a commit is measured whatever comes of it', async () => {
  const { clock, read, watch } = open()
  const answers = [done, refuse({ type: 'Conflict' as const, at: 0 }), undefined]
  const store = watch.store({
    commit: async () => {
      clock.advance(20)
      const answer = answers.shift()
      if (!answer) throw new UnavailableError('the disk is full')
      return answer
    },
  } as unknown as Store)
  expect(await store.commit([])).toEqual(done)
  expect(await store.commit([])).toMatchObject({ ok: false })
  await expect(store.commit([])).rejects.toThrow(UnavailableError)
  expect(await read('cardkeep_commit_seconds_sum')).toEqual({
    '{outcome="written"}': 0.02,
    '{outcome="conflict"}': 0.02,
    '{outcome="failed"}': 0.02,
  })
})

test('rotations are counted by what caused them and what came of them', async () => {
  const { read, watch } = open()
  const answers = [done, done, refuse({ type: 'Conflict' as const, at: 0 })]
  const store = watch.store({ commit: async () => answers.shift() } as unknown as Store)
  const event = (operation: string, rotationType: string): Change =>
    ({
      type: 'emit-event',
      event: { type: 'rotate_cvv', data: { operation, rotationType } },
    }) as unknown as Change
  await store.commit([event('ROTATE_CVV', 'MANUAL')])
  // Of these the scheduler tells, and nothing rotated by the last.
  await store.commit([event('ROTATE_CVV', 'AUTOMATIC'), event('CHANGE_CVV_ROTATION', 'MANUAL')])
  await store.commit([event('ROTATE_CVV', 'MANUAL')])
  watch.rotated?.({ rotated: 40, overtaken: 3, ended: 2, failed: 0, failure: undefined })
  watch.rotated?.({ rotated: 2, overtaken: 0, ended: 0, failed: 1, failure: new Error('broken') })
  expect(await read('cardkeep_cvv_rotations_total')).toEqual({
    '{cause="forced",outcome="rotated"}': 1,
    '{cause="automatic",outcome="rotated"}': 42,
    '{cause="automatic",outcome="overtaken"}': 3,
    '{cause="automatic",outcome="ended"}': 2,
    '{cause="automatic",outcome="failed"}': 1,
  })
})

test('a forward is measured by its destination and outcome, and its URL stands nowhere', async () => {
  const { clock, meters, read, watch } = open()
  const outcomes: SendOutcome[] = [
    { type: 'answered', answer: { status: 402, headers: {}, body: { type: 'json', text: '{}' } } },
    { type: 'refused', refusal: { type: 'ForwardFailed', sent: 'no', reason: 'tls' } },
    { type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'unknown' } },
  ]
  const egress = watch.egress({
    send: async () => {
      clock.advance(300)
      return outcomes.shift()
    },
  } as unknown as Egress)
  const forward = {
    url: new URL('https://provider.example/v1/secret-path?key=secret'),
    destination: { id: 'd1', origin: 'https://provider.example' },
  } as unknown as AdmittedForward
  for (let at = 0; at < 3; at++) await egress.send(forward, {} as Parcel)
  expect(await read('cardkeep_egress_seconds_sum')).toEqual(
    Object.fromEntries(
      ['4xx', 'tls', 'ForwardTimedOut'].map((outcome) => [
        `{destination="d1",origin="https://provider.example",outcome="${outcome}"}`,
        0.3,
      ]),
    ),
  )
  expect(await meters.print()).not.toContain('secret')
})

test('only the failure that locks is counted as a lock-out', async () => {
  const { read, watch } = open()
  const locks = [false, true, false]
  const lockouts = watch.lockouts({ fail: async () => locks.shift() ?? false } as unknown as Lockouts)
  expect([await lockouts.fail('a'), await lockouts.fail('a'), await lockouts.fail('a')]).toEqual([
    false,
    true,
    false,
  ])
  expect(await read('cardkeep_lockouts_total')).toEqual({ '': 1 })
})

test('an answer is measured by its route, and a refusal counted by its name', async () => {
  const { read, watch } = open()
  const answer = { dialect: 'ozura', route: '/tokenize', method: 'POST', seconds: 0.004 }
  watch.answered?.({ ...answer, status: 201, refusal: undefined })
  watch.answered?.({ ...answer, status: 400, refusal: 'CardExpired' })
  const labels = 'dialect="ozura",route="/tokenize",method="POST"'
  expect(await read('cardkeep_request_seconds_count')).toEqual({
    [`{${labels},status="201"}`]: 1,
    [`{${labels},status="400"}`]: 1,
  })
  expect(await read('cardkeep_request_seconds_bucket')).toMatchObject({
    [`{le="0.0025",${labels},status="201"}`]: 0,
    [`{le="0.005",${labels},status="201"}`]: 1,
  })
  expect(await read('cardkeep_refusals_total')).toEqual({ '{dialect="ozura",type="CardExpired"}': 1 })
})
