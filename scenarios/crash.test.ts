import { loadCard } from '@cardkeep/testing/canary/cards'
import type { VaultProcess } from '@cardkeep/testing/vault-process'
import { expect, test, vi } from 'vitest'
import { isOnSqlite } from './support/backends.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { createRandom } from './support/random.ts'
import { readRows } from './support/rows.ts'
import { type Ground, keysPrintedBy, makeGround } from './support/scenario.ts'
import type { Keys } from './support/shop.ts'

vi.setConfig({ testTimeout: 180_000 })

const crashes = 50
const callers = 16
const seed = 20_260_101
/** How many tokens are acknowledged before the power cut, which comes while the other callers wait for theirs. */
const toCome = { min: 1, max: 60 }

test(`after ${crashes} power cuts in the middle of tokenising nothing that was acknowledged is lost`, async () => {
  const ground = makeGround()
  const random = createRandom(seed)
  const first = await ground.start()
  const keys = keysPrintedBy(first)
  await allowElsewhere(ground)

  const acknowledged: string[] = []
  let vault = first
  for (let crash = 0; crash < crashes; crash++) {
    const load = startLoad(ground, vault, keys, random.between(toCome.min, toCome.max))
    await load.reached
    await vault.kill()
    acknowledged.push(...(await load.end()))
    vault = await ground.start()
  }
  expect(acknowledged.length).toBeGreaterThan(crashes * toCome.min)
  expect(new Set(acknowledged).size).toBe(acknowledged.length)

  expect(await findLost(ground.shopAt(vault, keys), acknowledged)).toEqual([])
  expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
  await vault.kill()
  if (isOnSqlite) {
    expect(readRows(ground, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(readRows(ground, 'pragma foreign_key_check')).toEqual([])
  }
  expect(readRows(ground, countOfCreated)).toEqual([{ missing: 0 }])
})

/** A token without its entry, or an entry without its token, would be half of a commit. */
const countOfCreated = `select
  (select count(*) from tokens) - (select count(*) from audit_entries where text like '%"token.created"%') as missing`

let cards = 0

/** Callers who each tokenise one card after another until the vault is gone; a code comes with every second one. */
const startLoad = (ground: Ground, vault: VaultProcess, keys: Keys, enough: number) => {
  const shop = ground.shopAt(vault, keys)
  const tokens: string[] = []
  const reached = Promise.withResolvers<void>()
  const call = async (): Promise<void> => {
    try {
      for (;;) {
        const index = cards++
        const { token } = await shop.tokenize({
          number: loadCard(index),
          code: index % 2 === 0 ? '123' : undefined,
        })
        tokens.push(token)
        if (tokens.length === enough) reached.resolve()
      }
    } catch (error) {
      reached.reject(error)
      // Only what ends a connection may end a caller; a refusal would be a defect.
      if (!(error instanceof Error) || error.message.startsWith('a card was not taken')) throw error
    }
  }
  const running = Promise.all(Array.from({ length: callers }, call))
  return {
    reached: reached.promise,
    end: async (): Promise<readonly string[]> => {
      await running
      return tokens
    },
  }
}
