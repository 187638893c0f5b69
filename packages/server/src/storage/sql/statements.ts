import { captureKeysPerTenant } from '@cardkeep/core/captures/capture-key'
import { keysPerUser } from '@cardkeep/core/tenants/credential-use'
import { binStatements } from './bin-statements.ts'
import { idempotencyStatements } from './idempotency-statements.ts'
import { issuingStatements } from './issuing-statements.ts'
import { isKnownCredential } from './known-words.ts'
import { listStatements } from './list-statements.ts'
import { outboxStatements } from './outbox-statements.ts'
import { tokenColumns } from './token-columns.ts'

/*
 * Every statement of the store, once for both engines: `$n` placeholders, no functions of time, bytes for ids,
 * 0 and 1 for flags. An insert that finds its place taken changes no row; whoever runs it sees the count.
 */

const tokens = 'tokens join fingerprints on fingerprints.no = tokens.fingerprint_no'

const tenantColumns = `id, name, environment, default_scope_id, policy_hold, policy_ttl_ms, policy_uses,
  policy_destinations, created_at`

const scopeColumns = `id, environment, deduplicates, created_at, network_token, account_reference, token_requestor`

const captureKeyColumns = `id, tenant_id, public_key, sealed_private_key, created_at, retired_at`

const networkTokenColumns = `id, token_id, scope_id, status, sealed, created_at, updated_at, is_settled`

/** Of those of a token the one that lives, or else the last. */
const shownFirst = "order by status = 'deleted', created_at desc, id limit 1"

const credentialColumns = `id, tenant_id, dialect, permissions, hash, public_key, created_at, expires_at, revoked_at,
  last_used_at, disabled_at`

const userPlaces = `places (place) as (
      select 0 union all select place + 1 from places where place < ${keysPerUser - 1}
    )`

const takenUserPlaces = (user: string): string => `select taken.user_place from credentials as taken
      where taken.public_key = ${user} and taken.user_place is not null
        and taken.revoked_at is null and taken.disabled_at is null`

const destinationColumns = `id, tenant_id, origin, path_prefix, methods, ca, client_certificate, client_sealed_key,
  headers, allow_private, created_at`

const keyColumns = `id, purpose, owner_type, owner_id, environment, algorithm, version, state, created_at, expires_at,
  check_value, wrapped, public_key, reserved_seals`

// Entries before the anchor are gone for every reader, also while they still wait to be removed.
const archivedUpTo = (chain: string): string =>
  `coalesce((select anchor.seq from audit_anchors as anchor where anchor.chain = ${chain}), 0)`

/** Nobody was promised the fingerprint's id, or no longer is. */
export const isUnpromised = 'coalesce(analytics_until, 0) = 0'
export const itsTokens = 'select 1 from tokens where tokens.fingerprint_no = fingerprints.no'

export const statements = {
  putFingerprint: `insert into fingerprints (id, scope_id, hash, key_version, analytics_until) values ($1, $2, $3, $4, $5)
    on conflict do nothing`,
  fingerprint: `select id, scope_id, hash, key_version, analytics_until from fingerprints
    where scope_id = $1 and hash = $2`,
  keepFingerprint: `update fingerprints set analytics_until = case when analytics_until > $3 then analytics_until else $3 end
    where scope_id = $1 and hash = $2`,
  releaseFingerprint: `delete from fingerprints where scope_id = $1 and hash = $2 and ${isUnpromised}
    and not exists (${itsTokens})`,
  /*
   * In this order, each durable before the next (`planRemovals`): once a promise is marked as over, whoever erases the last
   * token takes the fingerprint along, so that what has a token then is as all others. Marked and forgotten in one step it
   * would stay behind, where its last token goes in that moment.
   */
  endPromises: `update fingerprints set analytics_until = 0 where no in (select no from fingerprints
    where analytics_until > 0 and analytics_until < $1 limit $2)`,
  purgeFingerprints: `delete from fingerprints where no in (select no from fingerprints
    where analytics_until = 0 and not exists (${itsTokens}) limit $1)`,
  forgetPromises: `update fingerprints set analytics_until = null where no in (select no from fingerprints
    where analytics_until = 0 and exists (${itsTokens}) limit $1)`,
  eraseFingerprint: `delete from fingerprints where no = $1 and ${isUnpromised} and not exists (${itsTokens})`,

  // Where the fingerprint was erased meanwhile they change no row; an engine that refused one might quote it in its log.
  putToken: `insert into tokens (id, scope_id, tenant_id, fingerprint_no, version, status, is_test, is_unique, type,
      scheme, bin, last4, number_length, sealed, created_at, updated_at, expires_at, invalidated_at, ends_with_card)
    select $1, $2, $3, no, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19
    from fingerprints where scope_id = $2 and hash = $4
    on conflict do nothing`,
  // While the number stays, so does the scheme that a newer program may have written for it, and that is unknown here.
  replaceToken: `update tokens set scope_id = $2, tenant_id = $3, fingerprint_no = fingerprints.no, version = $5, status = $6,
      is_test = $7, is_unique = $8, type = $9,
      scheme = case when $10 = 'unknown' and fingerprint_no = fingerprints.no then scheme else $10 end, bin = $11, last4 = $12, number_length = $13, sealed = $14,
      created_at = $15, updated_at = $16, expires_at = $17, invalidated_at = $18, ends_with_card = $19
    from fingerprints
    where tokens.id = $1 and version = $5 - 1 and fingerprints.scope_id = $2 and fingerprints.hash = $4`,
  // Where several write at once it must also hold the row until the end of the transaction.
  expectToken: 'select 1 as found from tokens where id = $1 and version = $2',
  eraseToken: 'delete from tokens where id = $1 and version = $2 returning fingerprint_no',
  standing: 'select id, scope_id, version, status, expires_at, invalidated_at from tokens where id = $1',
  token: `select ${tokenColumns} from ${tokens} where tokens.id = $1`,
  uniqueToken: `select ${tokenColumns} from ${tokens} where fingerprints.scope_id = $1 and fingerprints.hash = $2
    and tokens.is_unique = 1 and tokens.status <> 'deleted'`,
  oldestToken: `select ${tokenColumns} from ${tokens} where fingerprints.scope_id = $1 and fingerprints.hash = $2
    and tokens.status <> 'deleted' order by tokens.created_at, tokens.id limit 1`,
  expiredTokens: `select ${tokenColumns} from ${tokens} where tokens.expires_at <= $1
    and tokens.status <> 'deleted' order by tokens.expires_at limit $2`,
  deletedTokens: `select ${tokenColumns} from ${tokens} where tokens.status = 'deleted' and tokens.updated_at < $1
    order by tokens.updated_at limit $2`,
  tokensEndingIn: `select ${tokenColumns} from ${tokens} where tokens.last4 = $1
    order by tokens.created_at desc, tokens.id desc limit $2`,
  tokensOfTenantEndingIn: `select ${tokenColumns} from ${tokens} where tokens.last4 = $1 and tokens.tenant_id = $2
    order by tokens.created_at desc, tokens.id desc limit $3`,

  ...listStatements,

  putTenant: `insert into tenants (${tenantColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict do nothing`,
  setCodePolicy: `update tenants set policy_hold = $2, policy_ttl_ms = $3, policy_uses = $4, policy_destinations = $5
    where id = $1`,
  tenant: `select ${tenantColumns} from tenants where id = $1`,
  tenantNamed: `select ${tenantColumns} from tenants where name = $1`,
  tenants: `select ${tenantColumns} from tenants order by created_at, id`,

  putScope: `insert into scopes (${scopeColumns}) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
  scope: `select ${scopeColumns} from scopes where id = $1`,
  setNetworkTokens: `update scopes set network_token = $2, account_reference = $3, token_requestor = $4 where id = $1`,
  linkScope: 'insert into scope_links (scope_id, tenant_id) values ($1, $2) on conflict do nothing',
  isLinked: 'select 1 as linked from scope_links where scope_id = $1 and tenant_id = $2',
  linkedTenants: 'select count(*) as tenants from scope_links where scope_id = $1',

  putCredential: `insert into credentials (${credentialColumns})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
  // One of a user, at the first place that is free. Of two that want the last at once the index lets one have it.
  putUserCredential: `insert into credentials (${credentialColumns}, user_place)
    with recursive ${userPlaces}
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, place from places
    where place not in (${takenUserPlaces('$6')})
    order by place limit 1
    on conflict do nothing`,
  freeUserPlaces: `update credentials set user_place = null
    where user_place is not null and expires_at <= $1 and public_key = $2`,
  freePlacesBeside: `update credentials set user_place = null
    where user_place is not null and expires_at <= $1
    and public_key = (select enabled.public_key from credentials as enabled where enabled.id = $2)`,
  revokeCredential: 'update credentials set revoked_at = $2 where id = $1 and revoked_at is null',
  useCredential: `update credentials set last_used_at = $2
    where id = $1 and (last_used_at is null or last_used_at < $2)`,
  disableCredential: `update credentials set disabled_at = $2
    where id = $1 and disabled_at is null and (last_used_at is null or last_used_at <= $3)`,
  // Its place may be another's by now. Where none is free the index refuses the first.
  enableCredential: `update credentials set disabled_at = null, last_used_at = $2,
    user_place = case when user_place is null then null else coalesce((
      with recursive ${userPlaces}
      select place from places where place not in (${takenUserPlaces('credentials.public_key')})
      order by place limit 1
    ), 0) end
    where id = $1 and disabled_at is not null`,
  credential: `select ${credentialColumns} from credentials where id = $1 and ${isKnownCredential}`,
  credentials: `select ${credentialColumns} from credentials where ${isKnownCredential} order by created_at, id`,
  credentialsOfTenant: `select ${credentialColumns} from credentials where tenant_id = $1 and ${isKnownCredential}
    order by created_at, id`,

  // At the first place that is free. Of two that want the last at once the index lets one have it.
  putCaptureKey: `insert into capture_keys (${captureKeyColumns}, place)
    with recursive places (place) as (
      select 0 union all select place + 1 from places where place < ${captureKeysPerTenant - 1}
    )
    select $1, $2, $3, $4, $5, $6, place from places
    where place not in (select taken.place from capture_keys as taken
      where taken.tenant_id = $2 and taken.retired_at is null)
    order by place limit 1
    on conflict do nothing`,
  retireCaptureKey: 'update capture_keys set retired_at = $2 where id = $1 and retired_at is null',
  purgeCaptureKeys: 'delete from capture_keys where retired_at < $1',
  captureKey: `select ${captureKeyColumns} from capture_keys where id = $1`,
  captureKeys: `select ${captureKeyColumns} from capture_keys order by created_at, id`,
  captureKeysOfTenant: `select ${captureKeyColumns} from capture_keys where tenant_id = $1 order by created_at, id`,

  putNetworkToken: `insert into network_tokens (${networkTokenColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict do nothing`,
  replaceNetworkToken: `update network_tokens set status = $2, sealed = $3, updated_at = $4, is_settled = $5
    where id = $1 and status = $6`,
  endNetworkTokens: `update network_tokens set status = 'deleted', sealed = $3, updated_at = $2, is_settled = 0
    where token_id = $1 and status <> 'deleted'`,
  removeSettledNetworkTokens: `delete from network_tokens
    where token_id = $1 and status = 'deleted' and is_settled = 1`,
  settleNetworkToken: `update network_tokens set is_settled = 1 where id = $1 and status = 'deleted'`,
  removePastNetworkToken: `delete from network_tokens where id = $1 and is_settled = 1
    and (not exists (select 1 from tokens where tokens.id = network_tokens.token_id) or id <> (
      select shown.id from network_tokens as shown where shown.token_id = network_tokens.token_id ${shownFirst}))`,
  networkToken: `select ${networkTokenColumns} from network_tokens where token_id = $1 ${shownFirst}`,
  unsettledNetworkTokens: `select ${networkTokenColumns} from network_tokens
    where status = 'deleted' and is_settled = 0 order by updated_at, id limit $1`,

  putDestination: `insert into destinations (${destinationColumns})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
  removeDestination: 'delete from destinations where id = $1',
  destinations: `select ${destinationColumns} from destinations where tenant_id = $1 order by created_at, id`,

  allowOrigin: `insert into origins (tenant_id, origin, created_at) values ($1, $2, $3) on conflict do nothing`,
  removeOrigin: 'delete from origins where tenant_id = $1 and origin = $2',
  origins: 'select tenant_id, origin, created_at from origins order by created_at, origin, tenant_id',
  originsOfTenant: `select tenant_id, origin, created_at from origins where tenant_id = $1
    order by created_at, origin`,

  ...outboxStatements,
  ...idempotencyStatements,
  ...binStatements,
  ...issuingStatements,

  putKey: `insert into keys (${keyColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict do nothing`,
  setKeyState: 'update keys set state = $2, wrapped = $3 where id = $1',
  reserveSeals: 'update keys set reserved_seals = $2 where id = $1 and reserved_seals < $2',
  keys: `select ${keyColumns} from keys order by created_at, id`,
  putKeySet: 'update key_set set counter = $1, sealed_digest = $2 where id = 1 and counter = $1 - 1',
  keySet: 'select counter, sealed_digest from key_set where id = 1 and counter > 0',

  sealVault: 'update vault_state set sealed = $1 where id = 1',
  isSealed: 'select sealed from vault_state where id = 1',
  noteCapturedAhead: 'update vault_state set captured_until = $1 where id = 1 and captured_until < $1',
  capturedUntil: 'select captured_until from vault_state where id = 1',
  schema: 'select max(number) as version, max(needs) as needs from schema_version',
  probeWriting: 'update vault_state set write_probes = write_probes + 1 where id = 1',

  appendAuditEntry: 'insert into audit_entries (chain, seq, text, hash) values ($1, $2, $3, $4)',
  auditHead: 'select chain, seq, hash from audit_entries where chain = $1 order by seq desc limit 1',
  // The sign makes the engine begin at the place that was asked for and not at the anchor.
  auditEntries: `select seq, text, hash from audit_entries
    where chain = $1 and seq > $2 and +seq > ${archivedUpTo('$1')} order by seq limit $3`,
  // Inserts nothing where the chain holds another entry, or none, at this place.
  putCheckpoint: `insert into audit_checkpoints (chain, seq, hash, at, key_id, signature)
    select $1, $2, $3, $4, $5, $6 from audit_entries where chain = $1 and seq = $2 and hash = $3`,
  checkpoints: `select chain, seq, hash, at, key_id, signature from audit_checkpoints
    where chain = $1 and seq >= ${archivedUpTo('$1')} order by seq, no`,
  lastCheckpoint: `select chain, seq, hash, at, key_id, signature from audit_checkpoints
    where chain = $1 order by seq desc, no desc limit 1`,

  shipAudit: `insert into audit_shipments (sink, chain, seq, at) values ($1, $2, $3, $4)
    on conflict (sink, chain) do update set seq = $3, at = $4`,
  auditShipments: 'select sink, chain, seq, at from audit_shipments order by sink, chain',
  // Changes no row where there is no such checkpoint, where the chain would be left without an end, or where more has been
  // archived already: what is still to be removed of that must not seem to be there again.
  putAuditAnchor: `insert into audit_anchors (chain, seq, hash, at)
    select $1, $2, $3, $4 from audit_entries where chain = $1 and seq = $2 + 1 and exists (select 1
      from audit_checkpoints as signed where signed.chain = $1 and signed.seq = $2 and signed.hash = $3)
    on conflict (chain) do update set seq = $2, hash = $3, at = $4 where audit_anchors.seq <= $2`,
  removeArchivedEntries: `delete from audit_entries where chain = $1 and seq in (select seq from audit_entries
      where chain = $1 and seq <= ${archivedUpTo('$1')} order by seq limit $2)`,
  removeArchivedCheckpoints: `delete from audit_checkpoints where no in (select no from audit_checkpoints
      where chain = $1 and seq < ${archivedUpTo('$1')} order by seq limit $2)`,
  auditAnchor: 'select chain, seq, hash, at from audit_anchors where chain = $1',
} as const satisfies Record<string, string>

export type StatementName = keyof typeof statements
