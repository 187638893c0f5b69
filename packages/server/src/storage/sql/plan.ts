import type { Change } from '@cardkeep/core/changes'
import { claimLifetimeMs, replyLifetimeMs } from '@cardkeep/core/idempotency/claim'
import { userOf } from '@cardkeep/core/tenants/credential-use'
import {
  binValues,
  captureKeyValues,
  credentialValues,
  destinationValues,
  eventValues,
  fingerprintValues,
  keyValues,
  networkTokenSettingsValues,
  networkTokenValues,
  policyValues,
  scopeValues,
  tenantValues,
  tokenValues,
  webhookValues,
} from './bind.ts'
import {
  accessKeyValues,
  componentValues,
  cvvTriesValues,
  issuedCardValues,
  issuerValues,
  rotationValues,
} from './issuing-bind.ts'
import type { StatementName } from './statements.ts'
import { base64Value, flagValue, idValue, orNull, type SqlValue } from './values.ts'

/** One statement of those that make a change. */
export interface Step {
  readonly statement: StatementName
  readonly values: readonly SqlValue[]
  /**
   * What shows that the change found what it expects: that the statement changed a row, or answered one. Where it did
   * not, the place is taken, the version is another, or there is nothing to change.
   */
  readonly expects: 'change' | 'row' | 'nothing'
}

/** Changes that need what an earlier statement answers; each engine makes these itself. */
export type AnsweringChange = Extract<Change, { readonly type: 'audit' | 'erase-token' }>
export type PlannedChange = Exclude<Change, AnsweringChange>

type ChangeOf<Type> = Extract<Change, { readonly type: Type }>
type Plan = Step | readonly Step[]
type Plans = { readonly [Type in PlannedChange['type']]: (change: ChangeOf<Type>) => Plan }

const needsChange = (statement: StatementName, ...values: readonly SqlValue[]): Step => ({
  statement,
  values,
  expects: 'change',
})

const runs = (statement: StatementName, ...values: readonly SqlValue[]): Step => ({
  statement,
  values,
  expects: 'nothing',
})

const plans: Plans = {
  'put-fingerprint': ({ fingerprint }) => needsChange('putFingerprint', ...fingerprintValues(fingerprint)),
  'keep-fingerprint': ({ fingerprint: { scopeId, hash }, until }) =>
    needsChange('keepFingerprint', idValue(scopeId), hash, until),
  'release-fingerprint': ({ fingerprint: { scopeId, hash } }) =>
    runs('releaseFingerprint', idValue(scopeId), hash),
  'purge-fingerprints': () => [],
  'put-token': ({ token }) => needsChange('putToken', ...tokenValues(token)),
  'replace-token': ({ token }) => needsChange('replaceToken', ...tokenValues(token)),
  'expect-token': ({ token: { id, version } }) => ({
    statement: 'expectToken',
    values: [idValue(id), version],
    expects: 'row',
  }),

  'put-network-token': ({ networkToken }) => [
    needsChange('putNetworkToken', ...networkTokenValues(networkToken)),
    runs('removeSettledNetworkTokens', idValue(networkToken.tokenId)),
  ],
  'replace-network-token': ({ networkToken: { id, status, sealed, updatedAt, isSettled }, from }) =>
    needsChange('replaceNetworkToken', idValue(id), status, sealed, updatedAt, flagValue(isSettled), from),
  'end-network-tokens': ({ tokenId, at, isTokenErased }) => [
    runs('endNetworkTokens', idValue(tokenId), at, new Uint8Array()),
    ...(isTokenErased ? [runs('removeSettledNetworkTokens', idValue(tokenId))] : []),
  ],
  'settle-network-token': ({ id }) => [
    runs('settleNetworkToken', idValue(id)),
    runs('removePastNetworkToken', idValue(id)),
  ],
  'put-capture-key': ({ key }) => needsChange('putCaptureKey', ...captureKeyValues(key)),
  'retire-capture-key': ({ id, at }) => needsChange('retireCaptureKey', idValue(id), at),
  'purge-capture-keys': ({ before }) => runs('purgeCaptureKeys', before),

  'put-tenant': ({ tenant }) => needsChange('putTenant', ...tenantValues(tenant)),
  'set-code-policy': ({ tenantId, policy }) =>
    needsChange('setCodePolicy', idValue(tenantId), ...policyValues(policy)),
  'put-scope': ({ scope }) => needsChange('putScope', ...scopeValues(scope)),
  'set-network-tokens': ({ scopeId, settings }) =>
    needsChange('setNetworkTokens', idValue(scopeId), ...networkTokenSettingsValues(settings)),
  'link-scope': ({ scopeId, tenantId }) => needsChange('linkScope', idValue(scopeId), idValue(tenantId)),
  'put-credential': ({ credential }) => {
    const user = userOf(credential)
    return user === undefined
      ? needsChange('putCredential', ...credentialValues(credential))
      : [
          runs('freeUserPlaces', credential.createdAt, user),
          needsChange('putUserCredential', ...credentialValues(credential)),
        ]
  },
  'revoke-credential': ({ id, at }) => needsChange('revokeCredential', idValue(id), at),
  'use-credential': ({ id, at }) => runs('useCredential', idValue(id), at),
  'disable-credential': ({ id, at, unusedSince }) =>
    needsChange('disableCredential', idValue(id), at, unusedSince),
  'enable-credential': ({ id, at }) => [
    runs('freePlacesBeside', at, idValue(id)),
    needsChange('enableCredential', idValue(id), at),
  ],
  'put-destination': ({ destination }) => needsChange('putDestination', ...destinationValues(destination)),
  'remove-destination': ({ id }) => needsChange('removeDestination', idValue(id)),

  'allow-origin': ({ origin: { tenantId, origin, createdAt } }) =>
    needsChange('allowOrigin', idValue(tenantId), origin, createdAt),
  'remove-origin': ({ origin: { tenantId, origin } }) =>
    needsChange('removeOrigin', idValue(tenantId), origin),

  'put-webhook': ({ webhook }) => [
    needsChange('putWebhook', ...webhookValues(webhook)),
    ...webhook.events.map((event) =>
      runs('putWebhookEvent', idValue(webhook.id), event, idValue(webhook.tenantId)),
    ),
  ],
  'remove-webhook': ({ id }) => needsChange('removeWebhook', idValue(id)),
  'set-webhook-health': ({ id, health: { failures, pausedUntil } }) =>
    runs('setWebhookHealth', idValue(id), failures, orNull(pausedUntil)),
  'emit-event': ({ event }) => runs('emitEvent', ...eventValues(event)),
  'settle-delivery': ({ no }) => [runs('moveUpAfterDelivery', no), runs('removeDelivery', no)],
  'delay-delivery': ({ no, attempts, dueAt, failure }) => runs('delayDelivery', no, attempts, dueAt, failure),
  'give-up-delivery': ({ no, attempts, at, failure }) => [
    runs('moveUpAfterDelivery', no),
    runs('buryDelivery', no, attempts, at, failure),
    runs('removeDelivery', no),
  ],
  'replay-delivery': ({ no, at }) => [
    needsChange('reviveDelivery', no, at),
    runs('moveBackBehindDelivery', no),
    runs('removeDeadDelivery', no),
  ],
  'purge-dead-deliveries': () => [],

  'claim-idempotency': ({ claim: { name, tenantId, digest, claimId, at } }) =>
    needsChange(
      'claimIdempotency',
      name,
      idValue(tenantId),
      digest,
      idValue(claimId),
      at,
      claimLifetimeMs,
      replyLifetimeMs,
    ),
  'settle-idempotency': ({ claim: { name, claimId }, reply: { status, sealedBody } }) =>
    needsChange('settleIdempotency', name, idValue(claimId), status, base64Value(sealedBody)),
  'release-idempotency': ({ claim: { name, claimId } }) => runs('releaseIdempotency', name, idValue(claimId)),
  'purge-idempotency': () => [],

  'put-bins': ({ set, bins }) => [
    needsChange('fillBinSet', idValue(set)),
    ...bins.map((bin) => runs('putBin', idValue(set), ...binValues(bin))),
  ],
  'use-bins': ({ set, at }) => [
    runs('replaceBinSets', idValue(set)),
    needsChange('useBinSet', idValue(set), at),
  ],

  'put-issuer': ({ issuer }) => needsChange('putIssuer', ...issuerValues(issuer)),
  'replace-issuer': ({ issuer, hadCvk, componentsBefore }) =>
    needsChange('replaceIssuer', ...issuerValues(issuer), flagValue(hadCvk), componentsBefore ?? 0),
  'add-issuer-bin': ({ bin: { tenantId, bin, createdAt } }) =>
    needsChange('addIssuerBin', idValue(tenantId), bin, createdAt),
  'put-cvk-component': ({ component }) => needsChange('putCvkComponent', ...componentValues(component)),
  'remove-cvk-components': ({ tenantId, count }) =>
    count === 0
      ? { statement: 'noCvkComponents', values: [idValue(tenantId)], expects: 'row' }
      : needsChange('removeCvkComponents', idValue(tenantId), count),
  'put-access-key': ({ key }) => needsChange('putAccessKey', ...accessKeyValues(key)),
  'retire-access-key': ({ id, at }) => needsChange('retireAccessKey', idValue(id), at),
  'purge-access-keys': ({ before }) => runs('purgeAccessKeys', before),
  'remove-access-key': ({ id }) => needsChange('removeAccessKey', idValue(id)),
  'trust-issuer': ({ trusted: { credentialId, issuer, audience, jwks } }) =>
    needsChange('trustIssuer', idValue(credentialId), issuer, audience, jwks),
  'put-issued-card': ({ card, rotation }) => [
    needsChange('putIssuedCard', ...issuedCardValues(card)),
    needsChange('putRotation', ...rotationValues(rotation)),
  ],
  'replace-issued-card': ({ card }) => needsChange('replaceIssuedCard', ...issuedCardValues(card)),
  'replace-rotation': ({ rotation }) => needsChange('replaceRotation', ...rotationValues(rotation)),
  'put-cvv-tries': ({ tries }) =>
    needsChange(tries.version === 1 ? 'putCvvTries' : 'replaceCvvTries', ...cvvTriesValues(tries)),

  'put-key': ({ key }) => needsChange('putKey', ...keyValues(key)),
  'set-key-state': ({ id, state, wrapped }) => needsChange('setKeyState', idValue(id), state, wrapped),
  'reserve-seals': ({ id, upTo }) => needsChange('reserveSeals', idValue(id), upTo),
  'put-key-set': ({ keySet: { counter, sealedDigest } }) => needsChange('putKeySet', counter, sealedDigest),
  'note-captured-ahead': ({ until }) => runs('noteCapturedAhead', until),
  'seal-vault': ({ sealed }) => needsChange('sealVault', flagValue(sealed)),

  'put-checkpoint': ({ checkpoint: { chain, seq, hash, at, keyId, signature } }) =>
    needsChange('putCheckpoint', chain, seq, hash, at, idValue(keyId), signature),
  'ship-audit': ({ shipment: { sink, chain, seq, at } }) => runs('shipAudit', sink, chain, seq, at),
  'archive-audit': ({ anchor: { chain, seq, hash, at } }) =>
    needsChange('putAuditAnchor', chain, seq, hash, at),
}

/** The statements that make a change, in order. */
export const planChange = (change: PlannedChange): readonly Step[] => {
  // The table gives each type the plan of that type; the compiler cannot follow a union through the look-up.
  const plan = (plans[change.type] as (change: PlannedChange) => Plan)(change)
  return 'statement' in plan ? [plan] : plan
}

/** Some milliseconds of work. */
const portion = 1_000

/** Statements that are run one after the other, each durable before the next, and all again until none changes a row. */
export type Round = readonly Step[]
type Removals = { readonly [Type in Change['type']]?: (change: ChangeOf<Type>) => readonly Round[] }

const removals: Removals = {
  'purge-fingerprints': ({ before }) => [
    [
      runs('endPromises', before, portion),
      runs('purgeFingerprints', portion),
      runs('forgetPromises', portion),
    ],
  ],
  'purge-dead-deliveries': ({ before }) => [[runs('purgeDeadDeliveries', before, portion)]],
  'purge-idempotency': ({ before }) => [[runs('purgeIdempotency', before, portion)]],
  'use-bins': () => [[runs('removeReplacedBins', portion)]],
  'archive-audit': ({ anchor: { chain } }) => [
    [runs('removeArchivedEntries', chain, portion)],
    [runs('removeArchivedCheckpoints', chain, portion)],
  ],
}

/**
 * What a change leaves to be removed after its commit, a portion in each transaction until one removes nothing: hundreds
 * of thousands of rows at once would hold up every other commit for a second. Nobody counts on these rows any more, and what an
 * outage leaves of them goes with the next such change.
 */
export const planRemovals = (change: Change): readonly Round[] => {
  const plan = removals[change.type] as ((change: Change) => readonly Round[]) | undefined
  return plan?.(change) ?? []
}
