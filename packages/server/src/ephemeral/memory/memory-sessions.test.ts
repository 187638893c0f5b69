import { answeringMs, sessionLifetimeMs } from '@cardkeep/core/sessions/capture-session'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { nameBytes } from '../backend.ts'
import { type SealedSession, sessionsPerOwner } from '../session-backend.ts'
import { createMemorySessions } from './memory-sessions.ts'

const nameAt = (at: number): Buffer => {
  const name = Buffer.alloc(nameBytes)
  name.writeUInt32BE(at)
  return name
}

const sessionAt = (at: number, owner = 'shop'): SealedSession => ({
  name: nameAt(at),
  owner,
  sealed: Buffer.alloc(38, at),
  ttlMs: sessionLifetimeMs,
})

test('a sweep frees sessions and payloads that are past their time, and nothing else', async () => {
  const clock = createFixedClock()
  const sessions = createMemorySessions(clock)
  await sessions.open(sessionAt(1))
  const claim = await sessions.claim(nameAt(1))
  if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
  await sessions.admit(claim.receipt, { name: nameAt(9), ttlMs: 2 * sessionLifetimeMs })
  clock.advance(answeringMs)
  await sessions.open(sessionAt(2))
  expect(sessions.sweep()).toBe(3)
  clock.advance(sessionLifetimeMs - answeringMs)
  expect(sessions.sweep()).toBe(2)
  clock.advance(answeringMs)
  expect(sessions.sweep()).toBe(1)
  clock.advance(sessionLifetimeMs)
  expect(sessions.sweep()).toBe(0)
})

test('a tenant has room for twenty thousand that wait for an answer', async () => {
  const sessions = createMemorySessions(createFixedClock())
  for (let at = 0; at < sessionsPerOwner; at++) await sessions.open(sessionAt(at))
  expect(await sessions.open(sessionAt(sessionsPerOwner))).toBe(false)
  expect(await sessions.open(sessionAt(sessionsPerOwner, 'another'))).toBe(true)
  expect(sessionsPerOwner).toBe(20_000)
})

test('what is kept holds no memory but its own', async () => {
  const sessions = createMemorySessions(createFixedClock())
  const cut = (text: string): Buffer => {
    const part = Buffer.from(text)
    if (part.buffer.byteLength === part.length) throw new Error('a test got no part of a pool')
    return part
  }
  await sessions.open({ ...sessionAt(1), sealed: cut('sealed session') })
  const claim = await sessions.claim(nameAt(1))
  if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
  await sessions.end(claim.receipt, cut('sealed end'))
  const found = await sessions.find(nameAt(1))
  if (found?.state.type !== 'ended') throw new Error('a test did not end its session')
  expect([found.sealed, found.state.sealedEnd].map(({ buffer }) => buffer.byteLength)).toEqual([14, 10])
})
