import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { ForwardFailure, Sent } from '@cardkeep/core/errors'
import type { DestinationId, SessionId, TokenId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import { minuteMs } from '@cardkeep/core/kernel/time'
import { allowDestination } from '@cardkeep/core/operations/administration/change-destinations'
import { type ForwardRequest, forwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { type TokenizeCard, tokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { CodeStore, Egress, GuessLimits, SendOutcome, Store } from '@cardkeep/core/ports'
import type { PlaceholderSyntax } from '@cardkeep/core/templates/syntax'
import { parseTemplate } from '@cardkeep/core/templates/template'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { createGuessLimits } from '@cardkeep/server/ephemeral/memory/guess-limits'
import { testCards } from '../canary/cards.ts'
import { cardOf } from '../keys/fixture.ts'
import { createEgressDouble } from './egress.ts'
import { addTenant, callerOf, openTestVault, type TestVault, testOperator } from './vault.ts'

/** `${number}` and its like, for every value. */
const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: {
    number: { value: 'card number', form: 'given' },
    month: { value: 'expiry month', form: 'given' },
    year: { value: 'expiry year', form: 'int' },
    cvv: { value: 'code', form: 'given' },
    first: { value: 'first name', form: 'given' },
    account: { value: 'account number', form: 'given' },
    routing: { value: 'routing number', form: 'given' },
  },
}

/** `{"card": text}` */
export const templateOf = (text: string) => {
  const template = parseTemplate({ type: 'object', entries: [['card', { type: 'text', text }]] }, syntax)
  if (!template.ok) throw new Error('a test has a wrong template')
  return template.value
}
const withCode = templateOf('${number}:${cvv}')
export const withoutCode = templateOf('${number}')

export const policy: CodePolicy = { hold: true, ttlMs: 15 * minuteMs, uses: 1, destinations: undefined }

export interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly tokenId: TokenId
  readonly sessionId: SessionId
  readonly destinationId: DestinationId
  readonly command: ForwardRequest
}

/** A card with a held code, unless the parts say otherwise. */
export const tokenizeFor = async (vault: TestVault, tenant: Tenant, parts: Partial<TokenizeCard> = {}) => {
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card: cardOf(testCards.visa),
    code: new Secret('947'),
    policy,
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs: undefined,
    ...parts,
  })
  if (!made.ok) throw new Error(`a test could not make a token: ${made.error.type}`)
  return made.value
}

export const benchOrigin = 'https://psp.example'

/** A tenant with a token, a held code, and a place to send it to. The caller closes the vault. */
export const openBench = async (
  parts: Partial<TokenizeCard> = {},
  destination: Partial<Destination> = {},
): Promise<Bench> => {
  const vault = await openTestVault()
  const tenant = await addTenant(vault, 'shop')
  const destinationId = vault.ids.uuid() as DestinationId
  await allowDestination(vault, testOperator, tenant, {
    id: destinationId,
    origin: benchOrigin,
    pathPrefix: '/v1',
    methods: ['POST', 'GET'],
    ca: undefined,
    client: undefined,
    headers: [],
    allowPrivate: false,
    ...destination,
  })
  const { token, sessionId = 'none' as SessionId } = await tokenizeFor(vault, tenant, parts)
  const command: ForwardRequest = {
    tokenId: token.id,
    sessionId,
    template: withCode,
    url: 'https://psp.example/v1/charges?x=1',
    method: 'POST',
    headers: { 'x-key': 'k' },
    contentType: 'application/json',
  }
  return { vault, tenant, tokenId: token.id, sessionId, destinationId, command }
}

export interface Doubles {
  readonly egress?: Egress
  readonly store?: Store
  readonly codes?: CodeStore
  readonly guesses?: GuessLimits
  readonly auditFailed?: () => void
  readonly isSealed?: () => boolean
}

/** Forwards with the real parts of the bench in place of doubles that are not given. */
export const forward = (
  bench: Bench,
  doubles: Doubles = {},
  parts: Partial<ForwardRequest> = {},
  tenant = bench.tenant,
) => {
  const { vault, command } = bench
  const {
    egress = createEgressDouble(),
    store = vault.store,
    codes = vault.codes,
    guesses = createGuessLimits(vault.clock),
  } = doubles
  const readiness = {
    auditFailed: doubles.auditFailed ?? (() => {}),
    isSealed: doubles.isSealed ?? (() => false),
  }
  const { cipher, clock, ids } = vault
  const ports = { store, codes, guesses, egress, readiness, cipher, clock, ids }
  return forwardRequest(ports, callerOf(tenant), { ...command, ...parts })
}

/** Whether the code is still there; taking it is the only way to know. */
export const isHeld = async ({ vault, tenant, tokenId, sessionId }: Bench): Promise<boolean> => {
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  const address = { type: 'session', tenantId: tenant.id, sessionId } as const
  return (await vault.codes.take(address, { place, destination: benchOrigin })) !== undefined
}

export const failed = (sent: Sent, reason: ForwardFailure = 'connection lost'): SendOutcome => ({
  type: 'refused',
  refusal: { type: 'ForwardFailed', sent, reason },
})

/** Waits for the outcome of a forward, for which nobody else waits: the token is read, and the entry written. */
export const settle = async ({ store }: TestVault): Promise<void> => {
  await nextTurn()
  await store.checkWritable()
}

/** What the audit log says of forwards, each entry as its array. */
export const entriesOf = async (vault: TestVault): Promise<readonly unknown[][]> => {
  await settle(vault)
  return (await vault.store.auditEntries(0, 1_000))
    .map(({ text }) => JSON.parse(text) as unknown[])
    .filter(([, , action]) => action === 'card.forward')
}
