import { parseToken } from '@cardkeep/core/tokens/spelling'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readCommitted } from './support/audit-log.ts'
import type { Reply } from './support/client.ts'
import { importBody } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { atFirst, startHostileProvider, type Way, ways } from './support/hostile-provider.ts'
import { type Receiver, startReceiver } from './support/receiver.ts'
import { allowOrigin, allowProvider, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { chargeByProxy, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

/*
 * What a provider may do to whoever calls it, by each API that brings and sends cards, and what a shop's endpoint for events
 * may. All of it begins at once, before the tests, because some of it lasts for half a minute; each test waits for its own.
 */

/** A token with a code, and charges of it. */
interface Held {
  readonly id: string
  readonly charge: (url: string, wish?: { readonly withCode: boolean }) => Promise<Reply>
}

type Bring = (number: string) => Promise<Held>

interface Outcome {
  readonly held: Held
  readonly number: string
  readonly reply: Reply
}

const scenario = await startScenario()
const { demo } = scenario
const { provider, silent, urlOf, good, codes } = await startHostileProvider()

const apis: Record<string, Bring> = {}
const outcomes = new Map<string, Promise<Outcome>>()
const receivers = new Map<string, Receiver>()
const brought: string[] = []
let ended = 0
/** How many of those had ended when the others had been served. */
let endedMeanwhile = Number.NaN
let meanwhile: Promise<readonly Reply[]>

/** By Ozura's API, which also sends cards that Verifone's brought. */
const said: Readonly<Record<number, string>> = { 502: 'Failed to proxy request', 504: 'Request timeout' }

/** Of these the last bytes come long after the first. */
const slowPaths: readonly string[] = ['/hang/head', '/hang/body', '/byte-a-second', '/drip']
/** What is done to the first event. */
const endpoints = ways.filter(({ path }) =>
  ['/hang/head', '/byte-a-second', '/reset/body', '/large/chunked'].includes(path),
)

let nextCard = 500
interface Card {
  readonly api: string
  readonly way: Way
  readonly number: string
  readonly held: Held
}

/** Those of an API one after the other. */
const bringAll = async (api: string, bring: Bring): Promise<readonly Card[]> => {
  const cards: Card[] = []
  for (const way of ways) {
    const number = loadCard(nextCard++)
    cards.push({ api, way, number, held: await bring(number) })
  }
  return cards
}

const chargeAt = async ({ way, number, held }: Card): Promise<Outcome> => {
  const reply = await held.charge(urlOf(way))
  if (slowPaths.includes(way.path)) ended++
  return { held, number, reply }
}

beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  await allowOrigin(scenario, demo, silent, ['--tenant', 'demo', '--private'])
  const [merchant, site] = await Promise.all([
    openMerchant(scenario),
    openSite(scenario),
    ...endpoints.map(async (way) => {
      const behaviour = atFirst(way)
      receivers.set(way.path, await startReceiver(scenario, { events: 'token.created', behaviour }))
    }),
  ])
  Object.assign(apis, {
    Ozura: async (number) => {
      const { token, session } = await demo.tokenize({ number, code: '123' })
      return {
        id: String(parseToken(token)),
        charge: (url, { withCode } = { withCode: true }) =>
          demo.charge({ token, url, session: withCode ? session : undefined }),
      }
    },
    Hellgate: async (number) => {
      const { body } = await merchant.call('POST', '/cde-import', {
        body: importBody({ number, code: '123' }),
      })
      const token = String(body['id'])
      return { id: token, charge: (url, wish) => merchant.charge({ token, url, ...wish }) }
    },
    Verifone: async (number) => {
      // Whoever is told to come again later does: opening what is encrypted takes a machine that is busy too long.
      const put = await until('a card', async () => {
        const reply = await site.put({ number, code: '123' })
        return reply.status === 200 && reply
      })
      const token = String(put.body['reuse_token'])
      return {
        id: String(parseToken(token)),
        charge: (url, wish) => chargeByProxy(demo, { token, url, ...wish }),
      }
    },
  } satisfies Record<string, Bring>)
  const cards = await Promise.all(Object.entries(apis).map(([api, bring]) => bringAll(api, bring)))
  for (const card of cards.flat()) {
    brought.push(card.held.id)
    outcomes.set(`${card.api} ${card.way.path}`, chargeAt(card))
  }
  meanwhile = serveOthers()
})
afterAll(async () => {
  expect(await scenario.command('audit', 'verify')).toMatchObject({ ok: true })
})

/** One after the other, by each API. */
const serveOthers = async (): Promise<readonly Reply[]> => {
  const replies: Reply[] = []
  for (const bring of Object.values(apis))
    for (let turn = 0; turn < 3; turn++) replies.push(await (await bring(loadCard(nextCard++))).charge(good))
  endedMeanwhile = ended
  return replies
}

const outcomeOf = async (api: string, { path }: Way): Promise<Outcome> => {
  const outcome = await outcomes.get(`${api} ${path}`)
  if (!outcome) throw new Error('nobody asked for this charge')
  return outcome
}

test('others are served while providers hang', async () => {
  const replies = await meanwhile
  expect(replies.map(({ status, sent }) => `${status} ${sent}`)).toEqual(replies.map(() => '200 yes'))
  expect(endedMeanwhile).toBe(0)
})

describe.each(['Ozura', 'Hellgate', 'Verifone'])('a card that came by the API of %s', (api) => {
  test.each(ways.map((way) => [way.does, way] as const))(
    'that a provider gets which %s is charged once at most, and the log says what is known',
    async (_, way) => {
      const { held, number, reply } = await outcomeOf(api, way)
      expect([reply.status, reply.sent]).toEqual([way.status, way.sent])
      expect(reply.text).not.toContain(number)
      expect(reply.body).toMatchObject(
        api === 'Hellgate' ? { code: way.status } : { message: said[way.status] },
      )

      const isBack = way.sent === 'no'
      const again = await held.charge(good)
      expect([again.status === 200, again.sent]).toEqual([isBack, isBack ? 'yes' : 'no'])
      expect(codes.get(number)).toBe(1)
      expect(await held.charge(good, { withCode: false })).toMatchObject({ status: 200, sent: 'yes' })

      const forwards = await until('the outcome of each forward', () => {
        const entries = readCommitted(scenario, held.id).filter(({ action }) => action === 'card.forward')
        const ids = new Set(entries.map(({ details }) => details['forwardId']))
        return entries.length === 2 * ids.size && entries
      })
      const [intent, outcome] = forwards.filter(
        ({ details }) => details['forwardId'] === forwards[0]?.details['forwardId'],
      )
      expect(intent).toMatchObject({ outcome: 'intent', details: { carriesCode: true } })
      expect(outcome?.outcome).toBe(way.sent === 'unknown' ? 'unknown' : 'failure')
      expect(outcome?.details).toMatchObject({ sent: way.sent, reason: expect.any(String) })
    },
  )
})

test.each(endpoints.map((way) => [way.does, way] as const))(
  'events reach an endpoint that %s, once it takes them',
  async (_, { path }) => {
    await Promise.all([...outcomes.values(), meanwhile])
    const receiver = receivers.get(path)
    await until(
      'all events',
      () => {
        const told = new Set(receiver?.received.map(({ data }) => data['token']))
        return brought.every((id) => told.has(id))
      },
      60_000,
      100,
    )
    expect(receiver?.forged).toEqual([])
  },
)
