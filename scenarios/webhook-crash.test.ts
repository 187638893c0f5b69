import { loadCard } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import type { VaultProcess } from '@cardkeep/testing/vault-process'
import { expect, test, vi } from 'vitest'
import { createRandom } from './support/random.ts'
import { startReceiver } from './support/receiver.ts'
import { readRows } from './support/rows.ts'
import { type Ground, keysPrintedBy, makeGround } from './support/scenario.ts'
import type { Keys } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 240_000 })

const crashes = 50
const callers = 6
const seed = 20_260_102
/** How many tokens are acknowledged before the power cut; by then some of their events are delivered and some are not. */
const toCome = { min: 1, max: 25 }

test(`after ${crashes} power cuts between commit and delivery no event is lost`, async () => {
  const ground = makeGround()
  const random = createRandom(seed)
  let vault = await ground.start()
  const keys = keysPrintedBy(vault)
  const { received, forged } = await startReceiver(ground, {
    events: 'token.created',
    // The vault is cut off while requests are under way too.
    behaviour: (_, response) => setTimeout(() => answer(response, 204, 'text/plain', ''), 5),
  })

  for (let crash = 0; crash < crashes; crash++) {
    const load = startLoad(ground, vault, keys, random.between(toCome.min, toCome.max))
    await load.reached
    await vault.kill()
    await load.ended
    vault = await ground.start()
  }

  // What a vault held that is gone is free again after half a minute.
  await until('an empty outbox', () => countWaiting(ground) === 0, 90_000)
  expect(forged).toEqual([])
  const told = new Set(received.map(({ data }) => data['token']))
  expect(told).toEqual(new Set(tokensInAudit(ground)))
  expect(told.size).toBeGreaterThan(crashes)
  // A token's event has one id, however often it came.
  expect(new Set(received.map(({ id }) => id)).size).toBe(told.size)
  expect(readRows(ground, 'select no from dead_deliveries')).toEqual([])
  expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
})

let cards = 0

/** Callers who each tokenise one card after another until the vault is gone. */
const startLoad = (ground: Ground, vault: VaultProcess, keys: Keys, enough: number) => {
  const shop = ground.shopAt(vault, keys)
  const reached = Promise.withResolvers<void>()
  let taken = 0
  const call = async (): Promise<void> => {
    try {
      for (;;) {
        await shop.tokenize({ number: loadCard(cards++) })
        if (++taken === enough) reached.resolve()
      }
    } catch (error) {
      reached.reject(error)
      // Only what ends a connection may end a caller; a refusal would be a defect.
      if (!(error instanceof Error) || error.message.startsWith('a card was not taken')) throw error
    }
  }
  return { reached: reached.promise, ended: Promise.all(Array.from({ length: callers }, call)) }
}

const countWaiting = (ground: Ground): number =>
  Number(readRows(ground, 'select count(*) as count from deliveries')[0]?.['count'])

/** An entry is `[seq, at, action, outcome, tenant, actor, origin, request, subject, details]`. */
const tokensInAudit = (ground: Ground): readonly unknown[] =>
  readRows(ground, 'select text from audit_entries')
    .map(({ text }) => JSON.parse(String(text)) as readonly unknown[])
    .flatMap((entry) => (entry[2] === 'token.created' ? [(entry[8] as readonly unknown[])[1]] : []))
