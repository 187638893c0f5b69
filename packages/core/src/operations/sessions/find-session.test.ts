import { openFor, visitor } from '@cardkeep/testing/doubles/session'
import { addTenant, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { guessLimits, marksOfPayload } from '../../codes/guesses.ts'
import type { CaptureId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { findSession } from './find-session.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, id: await openFor(vault, await addTenant(vault, 'shop')) }
}

const unknown = '00000000-0000-4000-8000-0000deadbeef' as CaptureId
const notFound = refuse({ type: 'SessionNotFound' })

/** As often as an address may at once. */
const askForUnknown = async (vault: TestVault): Promise<void> => {
  for (let asked = 0; asked < guessLimits.visitor.atOnce; asked++)
    expect(await findSession(vault, visitor, unknown)).toEqual(notFound)
}

test('whoever knows a session finds it, as often as they ask', async () => {
  const { vault, id } = await open()
  for (let asked = 0; asked < 2 * guessLimits.visitor.atOnce; asked++)
    expect(await findSession(vault, visitor, id)).toMatchObject({
      value: { type: 'found', session: { id }, state: { type: 'open' } },
    })
})

test('an address that asks for many sessions that are not there is told to wait, and another address is not', async () => {
  const { vault } = await open()
  await askForUnknown(vault)
  for (let asked = 0; asked < 3; asked++)
    expect(await findSession(vault, visitor, unknown)).toEqual(
      refuse({ type: 'TooManyGuesses', retryAfterSeconds: 1 }),
    )
  expect(await findSession(vault, { ...visitor, origin: '203.0.113.9' }, unknown)).toEqual(notFound)
  vault.clock.advance(guessLimits.visitor.everyMs)
  expect(await findSession(vault, visitor, unknown)).toEqual(notFound)
})

test('a session that is there is found whatever its neighbours have asked for', async () => {
  const { vault, id } = await open()
  await askForUnknown(vault)
  expect(await findSession(vault, visitor, id)).toMatchObject({ ok: true, value: { session: { id } } })
})

test('answers that were sent from an address make no search there wait', async () => {
  const { vault } = await open()
  for (let sent = 0; sent < guessLimits.payload.atOnce; sent++)
    await vault.guesses.failed(marksOfPayload(visitor))
  expect(await findSession(vault, visitor, unknown)).toEqual(notFound)
})
