import { readdirSync, readFileSync } from 'node:fs'
import { testCards } from '@cardkeep/testing/canary/cards'
import { addCaptureKey, capturePortsOf, visaCard } from '@cardkeep/testing/doubles/captures'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import { answer, portsOf } from '@cardkeep/testing/doubles/session'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { defaultPolicies } from '../codes/policy.ts'
import type { DestinationId } from '../kernel/ids.ts'
import type { Result } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import { hourMs } from '../kernel/time.ts'
import { allowDestination } from '../operations/administration/change-destinations.ts'
import { consumeCode, isCodeHeld } from '../operations/codes/consume-code.ts'
import { forwardRequest } from '../operations/forwards/forward-request.ts'
import { openSession } from '../operations/sessions/open-session.ts'
import { refreshCode } from '../operations/sessions/refresh-code.ts'
import { activateToken } from '../operations/tokens/activate-token.ts'
import { deleteToken } from '../operations/tokens/delete-token.ts'
import { invalidateToken } from '../operations/tokens/invalidate-token.ts'
import { listCards } from '../operations/tokens/list-cards.ts'
import type { MovedToken } from '../operations/tokens/move-token.ts'
import { putCard } from '../operations/tokens/put-card.ts'
import { revealToken } from '../operations/tokens/reveal-token.ts'
import { showCard, showCardFace } from '../operations/tokens/show-card.ts'
import { showOverview } from '../operations/tokens/show-overview.ts'
import { showToken } from '../operations/tokens/show-token.ts'
import { suspendToken } from '../operations/tokens/suspend-token.ts'
import type { TokenActor } from '../operations/tokens/token-actor.ts'
import { type UpdateToken, updateToken } from '../operations/tokens/update-token.ts'
import { parseTemplate } from '../templates/template.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { lifecycle, stateOf, type TokenState, type TokenUse, type Verdict } from './lifecycle.ts'
import type { StoredToken } from './token.ts'

/*
 * The table is read whole: each use is made in each state, and does what the table says. The routes of every dialect
 * run these operations and no others, so what holds here holds for all of them.
 */

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly token: StoredToken
}

const lifetimeMs = hourMs

const open = async (): Promise<Bench> => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { deduplicates: true })
  await allowDestination(vault, testOperator, tenant, {
    id: vault.ids.uuid() as DestinationId,
    origin: 'https://psp.example',
    pathPrefix: undefined,
    methods: [],
    ca: undefined,
    client: undefined,
    headers: [],
    allowPrivate: false,
  })
  const { token } = await addToken(vault, tenant, { lifetimeMs })
  return { vault, tenant, token }
}

/** How a token comes into each state, in such a way that there is something to do for the use. */
const reach: Readonly<Record<TokenState, (bench: Bench, use: TokenUse) => Promise<unknown>>> = {
  active: async () => undefined,
  suspended: ({ vault, token }) => suspendToken(vault, testOperator, token.id),
  invalidated: async ({ vault, token }, use) => {
    if (use === 'activate') await suspendToken(vault, testOperator, token.id)
    await invalidateToken(vault, testOperator, token.id)
  },
  expired: async ({ vault }) => vault.clock.advance(lifetimeMs),
  deleted: ({ vault, token }) => deleteToken(vault, testOperator, token.id),
}

/** Makes the use and tells which of the verdicts came out. */
type Driver = (bench: Bench, actor: TokenActor) => Promise<Verdict>

const verdictOf = (
  result: Result<unknown, { readonly type: string }>,
  value: (ok: unknown) => Verdict = () => 'does',
): Verdict => {
  if (result.ok) return value(result.value)
  // Nothing else may say that there is such a token.
  expect(result.error).toEqual({ type: 'TokenNotFound' })
  return 'absent'
}

const moving =
  (operation: typeof suspendToken): Driver =>
  async ({ vault, token }, actor) =>
    verdictOf(await operation(vault, actor, token.id), (moved) =>
      (moved as MovedToken).changed ? 'does' : 'is so',
    )

const readiness = { auditFailed: () => undefined, isSealed: () => false }

const forwarding: Driver = async ({ vault, tenant, token }) => {
  const template = parseTemplate(
    { type: 'text', text: '${number}' },
    { open: '${', close: '}', table: { number: { value: 'card number', form: 'given' } } },
  )
  if (!template.ok) throw new Error('a test has a wrong template')
  const egress = createEgressDouble()
  const guesses = { waitSeconds: async () => undefined, failed: async () => undefined }
  const result = await forwardRequest({ ...vault, egress, guesses, readiness }, callerOf(tenant), {
    tokenId: token.id,
    sessionId: undefined,
    template: template.value,
    url: 'https://psp.example/charges',
    method: 'POST',
    headers: {},
    contentType: 'application/json',
  })
  expect(egress.sent).toHaveLength(result.ok ? 1 : 0)
  return verdictOf(result)
}

const revealing: Driver = async ({ vault, tenant, token }) =>
  verdictOf(await revealToken({ ...vault, readiness }, callerOf(tenant), { tokenId: token.id }))

/** The number comes in again with a code: whether that one is held for this token. */
const refreshing: Driver = async ({ vault, tenant, token }) => {
  const again = await addToken(vault, tenant, { code: '123' })
  return again.token.id === token.id && again.sessionId ? 'does' : 'absent'
}

/** A customer is asked for a code and types one: whether it is held for this token. */
const refreshingBySession: Driver = async ({ vault, tenant, token }) => {
  const command = { type: 'refresh code', tokenId: token.id } as const
  const opened = await openSession(portsOf(vault), callerOf(tenant), command)
  if (!opened.ok) return verdictOf(opened)
  return verdictOf(await answer(vault, opened.value.id, { code: '123' }))
}

/** The state that the token is in came only after the session was opened. */
const refreshingLate: Driver = async ({ vault, tenant, token }) => {
  const code = new Secret('123')
  const policy = defaultPolicies.hellgate
  return verdictOf(await refreshCode(portsOf(vault), callerOf(tenant), { tokenId: token.id, code, policy }))
}

const tokenizingAgain: Driver = async ({ vault, tenant, token }) =>
  (await addToken(vault, tenant)).token.id === token.id ? 'does' : 'new token'

const listing: Driver = async ({ vault, tenant, token }) => {
  const page = { from: undefined, before: undefined, order: 'newest first', limit: 10, offset: 0 } as const
  const listed = await listCards(vault, callerOf(tenant), page)
  const cards = listed.ok ? listed.value.cards : []
  return cards.some((card) => card.token.id === token.id) ? 'does' : 'absent'
}

/** The number comes in again, encrypted by a client: whether the answer names this token. */
const putting: Driver = async ({ vault, tenant, token }) => {
  const { seal } = await addCaptureKey(vault, tenant)
  const put = await putCard(capturePortsOf(vault), callerOf(tenant), {
    ...{ scopeId: tenant.defaultScopeId, capture: seal(visaCard), wants: 'reuse', until: undefined },
    policy: defaultPolicies.verifone,
  })
  if (!put.ok || put.value.type !== 'token') throw new Error('a test could not put a card')
  const { id } = put.value.overview.token
  if (id !== token.id) expect(put.value.overview.state).toBe('active')
  return id === token.id ? 'does' : 'new token'
}

const nothingNew = {
  ...{ capture: undefined, code: undefined, holderName: undefined, email: undefined },
  ...{ expiryMonth: undefined, expiryYear: undefined, until: undefined, networkToken: undefined },
  policy: defaultPolicies.verifone,
} as const

const updating =
  (changes: Partial<UpdateToken>): Driver =>
  async ({ vault, tenant, token }) => {
    const command = { ...nothingNew, tokenId: token.id, ...changes }
    return verdictOf(await updateToken(capturePortsOf(vault), callerOf(tenant), command))
  }

const relinking: Driver = async (bench, actor) => {
  const { seal } = await addCaptureKey(bench.vault, bench.tenant)
  const capture = seal({ ...visaCard, number: testCards.mastercard })
  const verdict = await updating({ capture })(bench, actor)
  const stored = await bench.vault.store.token(bench.token.id)
  if (stored?.status !== 'deleted') expect(stored?.mask.last4).toBe(verdict === 'does' ? '4444' : '1111')
  return verdict
}

/** A code comes in by an update: whether it is held. The update itself may be made where no code may be held. */
const refreshingByUpdate: Driver = async (bench, actor) => {
  const { vault, tenant, token } = bench
  await updating({ code: new Secret('123') })(bench, actor)
  const address = { type: 'token', tenantId: tenant.id, tokenId: token.id } as const
  return (await vault.codes.isHeldBy(address)) ? 'does' : 'absent'
}

/** The same with the number. */
const refreshingByPut: Driver = async ({ vault, tenant, token }) => {
  const { seal } = await addCaptureKey(vault, tenant)
  await putCard(capturePortsOf(vault), callerOf(tenant), {
    ...{ scopeId: tenant.defaultScopeId, capture: seal({ ...visaCard, code: '123' }), wants: 'reuse' },
    ...{ until: undefined, policy: defaultPolicies.verifone },
  })
  const address = { type: 'token', tenantId: tenant.id, tokenId: token.id } as const
  return (await vault.codes.isHeldBy(address)) ? 'does' : 'absent'
}

const drivers: Readonly<Record<TokenUse, Driver | readonly (readonly [string, Driver])[]>> = {
  forward: forwarding,
  reveal: revealing,
  refresh: [
    ['with the number', refreshing],
    ['by a session', refreshingBySession],
    ['by a session that was opened before', refreshingLate],
    ['with an encrypted number', refreshingByPut],
    ['by an update', refreshingByUpdate],
  ],
  update: [
    ['of its holder', updating({ holderName: 'Ada King' })],
    ['of nothing', updating({})],
    ['to another number', relinking],
  ],
  'tokenize again': [
    ['in clear', tokenizingAgain],
    ['encrypted', putting],
  ],
  show: [
    ['by itself', async ({ vault, token }, actor) => verdictOf(await showToken(vault, actor, token.id))],
    [
      'with all that may be told',
      async ({ vault, tenant, token }) => verdictOf(await showOverview(vault, callerOf(tenant), token.id)),
    ],
  ],
  'show card': [
    [
      'its card',
      async ({ vault, tenant, token }) => verdictOf(await showCard(vault, callerOf(tenant), token.id)),
    ],
    ['the face of its card', async ({ vault, token }) => verdictOf(await showCardFace(vault, token.id))],
    ['its card in a list', listing],
    [
      'whether a code is held',
      async ({ vault, tenant, token }) => verdictOf(await isCodeHeld(vault, callerOf(tenant), token.id)),
    ],
    [
      'that its code was used',
      async ({ vault, tenant, token }) =>
        verdictOf(await consumeCode({ ...vault, readiness }, callerOf(tenant), token.id)),
    ],
  ],
  suspend: moving(suspendToken),
  activate: moving(activateToken),
  invalidate: moving(invalidateToken),
  delete: moving(deleteToken),
}

const uses = Object.keys(lifecycle) as TokenUse[]
const states = Object.keys(reach) as TokenState[]
/** Only a caller of an API has a card, a provider or a code. */
const actorsOf = (use: TokenUse): readonly ('a caller' | 'an operator')[] =>
  ['show', 'suspend', 'activate', 'invalidate', 'delete'].includes(use)
    ? ['a caller', 'an operator']
    : ['a caller']

const rows = uses.flatMap((use) => {
  const driver = drivers[use]
  const ways = typeof driver === 'function' ? [['', driver] as const] : driver
  return ways.flatMap(([way, drive]) =>
    states.flatMap((state) =>
      actorsOf(use).map((by) => ({ use, way, state, by, verdict: lifecycle[use][state], drive })),
    ),
  )
})

/** The number comes in, or a list is seen, whatever became of the token, and that is written down. */
const alwaysWritten: readonly Driver[] = [
  refreshing,
  refreshingByPut,
  refreshingByUpdate,
  tokenizingAgain,
  putting,
  listing,
]

const written = async ({ vault, token }: Bench) => ({
  entries: (await vault.store.auditHead()).seq,
  token: await vault.store.token(token.id),
})

test.each(rows)(
  '$use $way by $by of a token that is $state: $verdict',
  async ({ use, state, by, verdict, drive }) => {
    const bench = await open()
    await reach[state](bench, use)
    const stored = await bench.vault.store.token(bench.token.id)
    expect(stored && stateOf(stored, bench.vault.clock.now())).toBe(state)
    const before = await written(bench)
    expect(await drive(bench, by === 'a caller' ? callerOf(bench.tenant) : testOperator)).toBe(verdict)
    if (verdict === 'does' || alwaysWritten.includes(drive)) return
    expect(await written(bench)).toEqual(before)
  },
)

test('a token that is expired can be told from none by nobody, and one that is deleted by an operator only', () => {
  const visible = (state: TokenState) => uses.filter((use) => lifecycle[use][state] === 'does')
  expect(visible('expired')).toEqual([])
  expect(visible('deleted')).toEqual(['show'])
  for (const use of ['forward', 'reveal', 'refresh'] as const)
    for (const state of states) expect(lifecycle[use][state]).toBe(state === 'active' ? 'does' : 'absent')
})

test('of several states that hold at once the last one counts', async () => {
  const { vault, token } = await open()
  const now = vault.clock.now()
  const all = { status: 'suspended', invalidatedAt: now, expiresAt: now } as const
  expect(stateOf({ ...all, status: 'deleted' }, now)).toBe('deleted')
  expect(stateOf(all, now)).toBe('expired')
  expect(stateOf({ ...all, expiresAt: undefined }, now)).toBe('invalidated')
  expect(stateOf({ ...all, expiresAt: undefined, invalidatedAt: undefined }, now)).toBe('suspended')
  expect(stateOf(token, now)).toBe('active')
})

test('a token expires at its time and not a millisecond before', async () => {
  const { vault, token } = await open()
  const expiresAt = token.expiresAt ?? vault.clock.now()
  vault.clock.advance(lifetimeMs - 1)
  expect(stateOf(token, vault.clock.now())).toBe('active')
  vault.clock.advance(1)
  expect(vault.clock.now()).toBe(expiresAt)
  expect(stateOf(token, vault.clock.now())).toBe('expired')
})

test('each use that an operation asks the table for is made above, and each that is made is asked for', () => {
  const folder = new URL('../operations/', import.meta.url)
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  const asked = uses.filter((use) =>
    sources.some((source) =>
      new RegExp(`\\b(?:findToken|findTokenFor|findCard|verdictOn|moveToken)\\([^;]*?'${use}'`).test(source),
    ),
  )
  expect(uses).toEqual(asked)
})
