import { devNull } from 'node:os'
import type { Dialect } from '@cardkeep/core/codes/policy'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { deleteToken } from '@cardkeep/core/operations/tokens/delete-token'
import { invalidateToken } from '@cardkeep/core/operations/tokens/invalidate-token'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import { lifecycle, type TokenState, type TokenUse, type Verdict } from '@cardkeep/core/tokens/lifecycle'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import { systemClock } from '@cardkeep/server/clock'
import { offeredDialects } from '@cardkeep/server/config'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { describe, expect, test, vi } from 'vitest'
import { openBeside } from './support/beside.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { notFound, openMerchant } from './support/hellgate-scenario.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { chargesOf, createShop } from './support/shop.ts'
import { openScope, openSite } from './support/verifone-scenario.ts'
import { messages } from './support/verifone-schemas.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * The table of states, read over the wire of each dialect: one row of `dialects` says how a dialect makes the uses that
 * it has. States are reached from another process, as commands of the operator do.
 */

const scenario = await startScenario()
const provider = await startProvider()
cleanUp(() => provider.close())
const { store, ports } = await openBeside(scenario)
const operator = { name: 'operator' }

interface CardInHand {
  readonly number: string
  /** As the dialect spells it. */
  readonly token: string
}

/** A dialect as one of its callers uses it, in a scope that de-duplicates. */
interface Speaker {
  /** Takes a card and answers its token. */
  readonly tokenize: (number: string) => Promise<string>
  readonly uses: Readonly<Partial<Record<TokenUse, (card: CardInHand) => Promise<Verdict>>>>
}

/** `taken` is what a use that was made answers, `refused` what it answers where there is no such token. */
const judge = (
  { status, body }: Reply,
  taken: number,
  refused: { readonly status: number; readonly body: Reply['body'] },
): Verdict => {
  if (status === taken) return 'does'
  expect({ status, body }).toEqual(refused)
  return 'absent'
}

const openOzura = async (): Promise<Speaker> => {
  const { scope: _, ...shop } = await openShop(scenario, 'ozura', ['--dedupe'])
  const revealer = await scenario.command<typeof shop.keys>(
    ...['credential', 'create', '--tenant', 'ozura', '--dialect', 'ozura', '--permit', 'detokenize'],
  )
  await allowProvider(scenario, shop, provider, 'ozura')
  // What it is told is a card number, which belongs into no file.
  const trusted = createShop({ url: scenario.vault.url, record: devNull }, revealer)
  const notFound = { status: 404, body: { success: false, message: 'Token not found', data: null } }
  return {
    tokenize: async (number) => (await shop.tokenize({ number, code: '123' })).token,
    uses: {
      forward: async ({ token }) =>
        judge(await shop.charge({ token, url: chargesOf(provider) }), 200, notFound),
      reveal: async ({ token }) =>
        judge(await trusted.call('POST', '/detokenize', { body: { token } }), 200, notFound),
      refresh: async ({ number, token }) => {
        const again = await shop.tokenize({ number, code: '123' })
        return again.token === token && again.session ? 'does' : 'absent'
      },
      'tokenize again': async ({ number, token }) =>
        (await shop.tokenize({ number })).token === token ? 'does' : 'new token',
    },
  }
}

const openHellgate = async (): Promise<Speaker> => {
  const shop = await openShop(scenario, 'hellgate', ['--dedupe'])
  const merchant = await openMerchant(scenario, 'hellgate')
  await allowProvider(scenario, shop, provider, 'hellgate')
  const absent = { status: 404, body: notFound }
  const bring = (number: string) => merchant.importCard({ number })
  return {
    tokenize: bring,
    uses: {
      forward: async ({ token }) =>
        judge(await merchant.charge({ token, url: chargesOf(provider), withCode: false }), 200, absent),
      refresh: async ({ token }) =>
        judge(await merchant.call('POST', `/tokens/${token}/refresh-session`), 200, absent),
      'tokenize again': async ({ number, token }) => ((await bring(number)) === token ? 'does' : 'new token'),
      'show card': async ({ token }) => judge(await merchant.call('GET', `/tokens/${token}`), 200, absent),
      delete: async ({ token }) => judge(await merchant.call('DELETE', `/tokens/${token}`), 204, absent),
    },
  }
}

const openVerifone = async (): Promise<Speaker> => {
  await openShop(scenario, 'verifone')
  const site = await openSite(scenario, 'verifone')
  const token_scope = await openScope(scenario, site, 'verifone')
  const bring = (number: string) => site.bring({ number, code: '123' }, { token_scope })
  const absent = { status: 404, body: expect.objectContaining({ code: 404, message: messages[404] }) }
  /** What is so already is answered as done; of one that is invalidated that may be so as well. */
  const change = async (token: string, ask: (token: string) => Promise<Reply>): Promise<Verdict> => {
    const before = await store.token(idOf(token))
    const verdict = judge(await ask(token), 204, absent)
    const after = await store.token(idOf(token))
    const isUntouched = after?.version === before?.version && after?.invalidatedAt === undefined
    return verdict === 'does' && isUntouched ? 'is so' : verdict
  }
  return {
    tokenize: bring,
    uses: {
      update: async ({ token }) => judge(await site.patch(token, { expiry_year: 2031 }), 200, absent),
      'tokenize again': async ({ number, token }) => ((await bring(number)) === token ? 'does' : 'new token'),
      show: async ({ token }) => judge(await site.get(token), 200, absent),
      suspend: ({ token }) => change(token, site.suspend),
      activate: ({ token }) => change(token, site.activate),
      delete: async ({ token }) => judge(await site.remove(token), 204, absent),
    },
  }
}

const dialects: Readonly<Partial<Record<Dialect, () => Promise<Speaker>>>> = {
  ozura: openOzura,
  hellgate: openHellgate,
  verifone: openVerifone,
}

const idOf = (token: string): TokenId => {
  const id = parseToken(token)
  if (!id) throw new Error('the vault gave out a token that is none')
  return id
}

const reach: Readonly<Record<TokenState, (id: TokenId) => Promise<unknown>>> = {
  active: async () => undefined,
  suspended: (id) => suspendToken(ports, operator, id),
  invalidated: (id) => invalidateToken(ports, operator, id),
  expired: async (id) => {
    const token = await store.token(id)
    if (!token) throw new Error('a token is gone')
    // No dialect gives out tokens that expire while a test waits.
    const expiring = { ...token, version: token.version + 1, expiresAt: systemClock.now() }
    expect(await store.commit([{ type: 'replace-token', token: expiring }])).toMatchObject({ ok: true })
  },
  deleted: (id) => deleteToken(ports, operator, id),
}

const states = Object.keys(reach) as TokenState[]
let cards = 1_000

test('each dialect of tokens that is offered has a row', () => {
  // Issued cards are no tokens, and have states of their own.
  expect(Object.keys(dialects)).toEqual(offeredDialects.filter((dialect) => dialect !== 'pismo'))
})

for (const [name, open] of Object.entries(dialects))
  describe(`over the wire of ${name}`, async () => {
    const { tokenize, uses } = await open()
    const rows = Object.entries(uses).flatMap(([use, make]) =>
      states.map((state) => ({ use: use as TokenUse, state, make })),
    )
    test.each(rows)('$use of a token that is $state', async ({ use, state, make }) => {
      const number = loadCard(cards++)
      const token = await tokenize(number)
      await reach[state](idOf(token))
      expect(await make({ number, token })).toBe(lifecycle[use][state])
    })
  })
