import { epochMs, hourMs, minuteMs } from '@cardkeep/core/kernel/time'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { createMemoryRootKey } from '@cardkeep/testing/keys/memory-root-key'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { afterEach, expect, test, vi } from 'vitest'
import { randomDraws, randomIds } from '../clock.ts'
import { createCvkKeeper } from '../keys/cvk-keeper.ts'
import { createCvvDeriver } from '../keys/cvv-deriver.ts'
import { createIssuedCardCipher } from '../keys/issued-card-cipher.ts'
import { createKeyring } from '../keys/keyring.ts'
import type { Log } from '../log/log.ts'
import { createAccessKeyMaker } from '../passport/access-key-maker.ts'
import { openPostgresStore } from '../storage/postgres/store.ts'
import { createRotator } from './rotator.ts'

/* Several nodes on one database, each with a connection, keys and a chain of its own. */
describeOnPostgres('rotators of several nodes', (server) => {
  const closings: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closings.splice(0).toReversed()) await close()
  })
  const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

  const open = async () => {
    const url = await server.createDatabase()
    const clock = createFixedClock()
    const provider = createMemoryRootKey()
    const openNode = async (ids = randomIds) => {
      const store = await openPostgresStore({
        settings: {
          ...{ url, passwordFile: server.passwordFile, password: undefined, tls: undefined },
          ...{ connections: 4, pooler: 'none' },
        },
        chain: 'own',
        clock,
      })
      closings.push(() => store.close())
      const keyring = await createKeyring({ store, provider, clock, ids })
      return {
        ...{ store, keyring, clock, ids, draws: randomDraws },
        issuedCards: createIssuedCardCipher(keyring),
        cvvs: createCvvDeriver(keyring),
      }
    }
    const first = await openNode(createCountingIds())
    const { keyring } = first
    const parts = { ...first, cvks: createCvkKeeper(keyring), accessKeys: createAccessKeyMaker(keyring) }
    return { clock, openNode, first, issuer: await addIssuer(parts, 'bank') }
  }

  test('rotate each card once for each due time, and tell of each once', async () => {
    const { clock, openNode, first, issuer } = await open()
    const nextAt = epochMs(clock.now() + minuteMs)
    const cards = await addIssuedCards(first, issuer, { count: 1_000, hours: 1, nextAt })
    const told: string[] = []
    let rotated = 0
    for (let nodes = 0; nodes < 3; nodes++) {
      const node = await openNode()
      const store = interceptCommits(node.store, async (changes, commit) => {
        const result = await commit()
        if (result.ok)
          for (const change of changes) if (change.type === 'emit-event') told.push(change.event.subject.id)
        return result
      })
      const rotator = createRotator({
        ...{ ...node, store, log: silent, isSealed: () => false, isBusy: () => false },
        rotated: (batch) => {
          rotated += batch.rotated
        },
      })
      rotator.start()
      closings.push(rotator.stop)
    }
    for (const round of [1, 2, 3]) {
      clock.advance(round === 1 ? minuteMs : hourMs)
      await vi.waitFor(() => expect(rotated).toBe(round * cards.length), { timeout: 30_000, interval: 10 })
    }
    const found = await Promise.all(cards.map(({ card }) => first.store.issuedCard(card.id)))
    expect(found.map((card) => card?.rotation.serial)).toEqual(cards.map(() => 3))
    expect(told).toHaveLength(3 * cards.length)
    expect(new Set(told)).toEqual(new Set(cards.map(({ card }) => card.hash)))
  })
})
