import { expect, test } from 'vitest'
import type { SessionId, TenantId, TokenId } from '../kernel/ids.ts'
import { hourMs } from '../kernel/time.ts'
import { type Guess, guessKinds, guessLimits, kindOfMark, marksOf } from './guesses.ts'

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

test('in an hour a session can be tried nine times, a token fifty times, and an address slows down and never stops', () => {
  expect(guessKinds.map(perHour)).toEqual([9, 50, 18_300])
  expect(guessLimits.address.everyMs).toBeLessThanOrEqual(1_000)
})
