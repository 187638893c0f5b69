import { setImmediate as nextTurn } from 'node:timers/promises'
import { mainChain } from '@cardkeep/core/audit/chain'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Store, TokenFilter } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { emptyHead } from '../../audit/chain.ts'
import { readBinTable } from './bin-rows.ts'
import { readClaim } from './idempotency-rows.ts'
import {
  readAccessKey,
  readCvkComponent,
  readCvvTries,
  readIssuedCardId,
  readIssuer,
  readIssuerBin,
  readRotatingCard,
  readRotation,
  readRotationsAhead,
  readTrustedIssuer,
} from './issuing-rows.ts'
import { readDeadDelivery, readOutboxState, readWebhook } from './outbox-rows.ts'
import {
  readAnchor,
  readAuditEntry,
  readAuditHead,
  readCaptureKey,
  readCardToken,
  readCheckpoint,
  readCredential,
  readDestination,
  readFingerprint,
  readKey,
  readKeySet,
  readNetworkToken,
  readOrigin,
  readScope,
  readShipment,
  readStanding,
  readTenant,
  readToken,
} from './rows.ts'
import type { StatementName } from './statements.ts'
import { idValue, type Row, readFlag, readNumber, readOptional, readTime, type SqlValue } from './values.ts'

/** How an engine is asked. */
export interface Reader {
  /** The first row, or `undefined` where there is none. */
  find<T>(
    statement: StatementName,
    values: readonly SqlValue[],
    read: (row: Row) => T,
  ): Promise<T | undefined>
  list<T>(statement: StatementName, values: readonly SqlValue[], read: (row: Row) => T): Promise<readonly T[]>
}

/** What both engines are asked in the same words; the rest differs between them. */
export type Reads = Omit<
  Store,
  'commit' | 'claimDeliveries' | 'claimRotations' | 'releaseRotations' | 'bin' | 'auditChains'
>

const farOff = Number.MAX_SAFE_INTEGER

/** Some milliseconds of looking. */
const portionOfRotations = 10_000

const readSince = (row: Row): EpochMs | undefined => readOptional(row, 'since', readTime)
const readCards = (row: Row): number => readNumber(row, 'cards')

const listedValues = (
  { id, defaultScopeId }: Pick<Tenant, 'id' | 'defaultScopeId'>,
  { from, before, at }: TokenFilter,
): readonly SqlValue[] => [idValue(defaultScopeId), idValue(id), from ?? 0, before ?? farOff, at]

export const createReads = ({ find, list }: Reader): Reads => ({
  token: (id) => find('token', [idValue(id)], readToken),
  standing: (id) => find('standing', [idValue(id)], readStanding),
  uniqueToken: ({ scopeId, hash }) => find('uniqueToken', [idValue(scopeId), hash], readToken),
  oldestToken: ({ scopeId, hash }) => find('oldestToken', [idValue(scopeId), hash], readToken),
  networkToken: (tokenId) => find('networkToken', [idValue(tokenId)], readNetworkToken),
  unsettledNetworkTokens: (limit) => list('unsettledNetworkTokens', [limit], readNetworkToken),
  captureKey: (id) => find('captureKey', [idValue(id)], readCaptureKey),
  captureKeys: (tenantId) =>
    tenantId === undefined
      ? list('captureKeys', [], readCaptureKey)
      : list('captureKeysOfTenant', [idValue(tenantId)], readCaptureKey),
  fingerprint: (scopeId, hash) => find('fingerprint', [idValue(scopeId), hash], readFingerprint),
  expiredTokens: (at, limit) => list('expiredTokens', [at, limit], readToken),
  deletedTokens: (before, limit) => list('deletedTokens', [before, limit], readToken),
  tokensEndingIn: (last4, tenantId, limit) =>
    tenantId === undefined
      ? list('tokensEndingIn', [last4, limit], readToken)
      : list('tokensOfTenantEndingIn', [last4, idValue(tenantId), limit], readToken),

  tenant: (id) => find('tenant', [idValue(id)], readTenant),
  tenantNamed: (name) => find('tenantNamed', [name], readTenant),
  tenants: () => list('tenants', [], readTenant),
  scope: (id) => find('scope', [idValue(id)], readScope),
  isLinked: async (scopeId, tenantId) =>
    (await find('isLinked', [idValue(scopeId), idValue(tenantId)], () => true)) ?? false,
  linkedTenants: async (scopeId) =>
    (await find('linkedTenants', [idValue(scopeId)], (row) => readNumber(row, 'tenants'))) ?? 0,
  credential: (id) => find('credential', [idValue(id)], readCredential),
  credentials: (tenantId) =>
    tenantId === undefined
      ? list('credentials', [], readCredential)
      : list('credentialsOfTenant', [idValue(tenantId)], readCredential),
  destinations: (tenantId) => list('destinations', [idValue(tenantId)], readDestination),

  origins: (tenantId) =>
    tenantId === undefined
      ? list('origins', [], readOrigin)
      : list('originsOfTenant', [idValue(tenantId)], readOrigin),

  cardTokens: (tenant, { order, limit, offset, ...filter }) =>
    list(
      order === 'newest first' ? 'cardTokensNewestFirst' : 'cardTokensOldestFirst',
      [...listedValues(tenant, filter), limit, offset],
      readCardToken,
    ),
  countCardTokens: async (tenant, filter) =>
    (await find('countCardTokens', listedValues(tenant, filter), (row) => readNumber(row, 'tokens'))) ?? 0,

  webhook: (id) => find('webhook', [idValue(id)], readWebhook),
  webhooks: (tenantId) =>
    tenantId === undefined
      ? list('webhooks', [], readWebhook)
      : list('webhooksOfTenant', [idValue(tenantId)], readWebhook),
  deadDeliveries: (tenantId, limit) =>
    tenantId === undefined
      ? list('deadDeliveries', [limit], readDeadDelivery)
      : list('deadDeliveriesOfTenant', [idValue(tenantId), limit], readDeadDelivery),
  outboxState: async () =>
    (await find('outboxState', [], readOutboxState)) ?? { waiting: 0, oldestAt: undefined, dead: 0 },

  issuer: (tenantId) => find('issuer', [idValue(tenantId)], readIssuer),
  issuers: () => list('issuers', [], readIssuer),
  issuerBins: (tenantId) =>
    tenantId === undefined
      ? list('issuerBins', [], readIssuerBin)
      : list('issuerBinsOfTenant', [idValue(tenantId)], readIssuerBin),
  cvkComponents: (tenantId) => list('cvkComponents', [idValue(tenantId)], readCvkComponent),
  accessKey: (id) => find('accessKey', [idValue(id)], readAccessKey),
  accessKeys: (tenantId) =>
    tenantId === undefined
      ? list('accessKeys', [], readAccessKey)
      : list('accessKeysOfTenant', [idValue(tenantId)], readAccessKey),
  trustedIssuer: ({ issuer, audience }) => find('trustedIssuer', [issuer, audience], readTrustedIssuer),
  trustedIssuers: () => list('trustedIssuers', [], readTrustedIssuer),
  issuedCard: (id) => find('issuedCard', [id], readRotatingCard),
  isNumberIssued: async (tenantId, hashes) => {
    for (const hash of hashes)
      if (await find('issuedNumber', [idValue(tenantId), hash], () => true)) return true
    return false
  },
  issuedCardNamed: ({ tenantId, accountId, customerId, name }) =>
    find('issuedCardNamed', [idValue(tenantId), accountId, customerId, name], (row) =>
      readIssuedCardId(row, 'id'),
    ),
  cvvTries: (id) => find('cvvTries', [id], readCvvTries),
  oldestDueRotation: (at, tenantId) =>
    tenantId === undefined
      ? find('oldestDueRotation', [at], readSince)
      : find('oldestDueRotationOfTenant', [idValue(tenantId), at], readSince),
  countDueRotations: async (at, tenantId) =>
    (tenantId === undefined
      ? await find('countDueRotations', [at], readCards)
      : await find('countDueRotationsOfTenant', [idValue(tenantId), at], readCards)) ?? 0,
  rotationsAhead: ({ at, until, stepMs, tenantId }) =>
    tenantId === undefined
      ? list('rotationsAhead', [until, stepMs, at], readRotationsAhead)
      : list('rotationsAheadOfTenant', [until, stepMs, at, idValue(tenantId)], readRotationsAhead),
  farRotations: async (at, slackMs, limit) => {
    const found: CvvRotation[] = []
    let last: number | undefined = -1
    for (;;) {
      const after: number = last
      last = await find('portionOfRotations', [after, portionOfRotations], (row) =>
        readOptional(row, 'last', readNumber),
      )
      if (last === undefined || found.length === limit) return found
      const wanted = limit - found.length
      found.push(...(await list('farRotations', [after, last, at + slackMs, wanted], readRotation)))
      // All of a million are looked at; others get their turn in between.
      await nextTurn()
    }
  },

  idempotencyClaim: (name) => find('idempotencyClaim', [name], readClaim),
  binTable: async () => (await find('binTable', [], readBinTable)) ?? { count: 0, at: undefined },

  keys: () => list('keys', [], readKey),
  capturedUntil: async () =>
    (await find('capturedUntil', [], (row) => readTime(row, 'captured_until'))) ?? epochMs(0),
  keySet: () => find('keySet', [], readKeySet),
  isSealed: async () => {
    const sealed = await find('isSealed', [], (row) => readFlag(row, 'sealed'))
    // Precondition: the first migration writes the row. Without it nobody can say that the vault is open.
    if (sealed === undefined) throw new Error('the database does not say whether the vault is sealed')
    return sealed
  },

  auditHead: async (chain = mainChain) =>
    (await find('auditHead', [chain], readAuditHead)) ?? emptyHead(chain),
  auditEntries: (afterSeq, limit, chain = mainChain) =>
    list('auditEntries', [chain, afterSeq, limit], readAuditEntry),
  checkpoints: (chain = mainChain) => list('checkpoints', [chain], readCheckpoint),
  lastCheckpoint: (chain = mainChain) => find('lastCheckpoint', [chain], readCheckpoint),
  auditAnchor: (chain = mainChain) => find('auditAnchor', [chain], readAnchor),
  auditShipments: () => list('auditShipments', [], readShipment),
})
