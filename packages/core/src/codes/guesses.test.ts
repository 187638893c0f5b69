import { expect, test } from 'vitest'
import type { SessionId, TenantId, TokenId } from '../kernel/ids.ts'
import { dayMs, hourMs } from '../kernel/time.ts'
import { failuresAllowed } from '../sessions/capture-session.ts'
import {
  type Guess,
  guessKinds,
  guessLimits,
  kindOfMark,
  marksOf,
  marksOfPayload,
  marksOfRefresh,
  marksOfVisitor,
} from './guesses.ts'

const guess: Guess = {
  tenantId: 'tenant-1' as TenantId,
  tokenId: 'token-1' as TokenId,
  sessionId: 'session-1' as SessionId,
  origin: '192.0.2.1',
}

const addressMark = (origin: string): string | undefined => marksOf({ ...guess, origin }).at(-1)

test('a guess is counted by session, token and address, each of its tenant', () => {
  expect(marksOf(guess)).toEqual([
    'session tenant-1 session-1',
    'token tenant-1 token-1',
    'address tenant-1 192.0.2.1',
  ])
  expect(marksOf(guess).map(kindOfMark)).toEqual(['session', 'token', 'address'])
})

test('without a session it is counted by token and address', () => {
  expect(marksOf({ ...guess, sessionId: undefined })).toEqual([
    'token tenant-1 token-1',
    'address tenant-1 192.0.2.1',
  ])
})

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2'],
  ['2001:DB8:1:2::9', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8::7:8:9:a:b', '2001:db8:0:7'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['1:2:3:4:5:6:7::', '1:2:3:4'],
])('whoever calls from %s has the network %s', (origin, network) => {
  expect(addressMark(origin)).toBe(`address tenant-1 ${network}`)
})

test.each([
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:198.51.100.7', '198.51.100.7'],
  ['198.51.100.7', '198.51.100.7'],
  ['unknown', 'unknown'],
])('%s counts as %s', (origin, address) => {
  expect(addressMark(origin)).toBe(`address tenant-1 ${address}`)
})

test('a mark of no kind is a bug', () => {
  for (const text of ['', 'session', 'sessions t a', 'tenant-1 a'])
    expect(() => kindOfMark(text)).toThrow('a mark of no kind')
})

const perHour = (kind: (typeof guessKinds)[number]): number =>
  guessLimits[kind].atOnce + hourMs / guessLimits[kind].everyMs

test('a code that was typed counts for its token, of its tenant', () => {
  expect(marksOfRefresh(guess)).toEqual(['answer tenant-1 token-1'])
  expect(marksOfRefresh(guess).map(kindOfMark)).toEqual(['answer'])
})

test.each([
  ['visitor', marksOfVisitor],
  ['payload', marksOfPayload],
] as const)('a %s counts by network alone, whatever tenant the session belongs to', (kind, marks) => {
  expect(marks({ origin: '2001:db8:1:2::1' })).toEqual([`${kind} 2001:db8:1:2`])
  expect(marks(guess)).toEqual([`${kind} 192.0.2.1`])
  expect(marks(guess).map(kindOfMark)).toEqual([kind])
})

test('in an hour a session can be tried nine times, a token fifty times, and an address slows down and never stops', () => {
  expect(guessKinds.slice(0, 3).map(perHour)).toEqual([9, 50, 18_300])
  expect(guessLimits.address.everyMs).toBeLessThanOrEqual(1_000)
})

test('in a day 250 codes can be typed for a token, and a crowd behind one address mistypes without a wait', () => {
  const { answer, visitor, payload } = guessLimits
  expect(answer.atOnce + dayMs / answer.everyMs).toBe(250)
  expect(answer.atOnce).toBeGreaterThanOrEqual(2 * failuresAllowed)
  expect(visitor.atOnce).toBeGreaterThanOrEqual(100)
  expect(visitor.everyMs).toBeLessThanOrEqual(1_000)
  expect(payload.atOnce).toBeGreaterThanOrEqual(20 * failuresAllowed)
  expect(payload.everyMs).toBeLessThanOrEqual(200)
})
