import { isClaimable, longestWaiting, rotatingColumns } from '../sql/issuing-statements.ts'
import { isKnownEvent } from '../sql/known-words.ts'
import { pagesOfCardTokens } from '../sql/list-statements.ts'
import { isUnpromised, itsTokens, type StatementName, statements as shared } from '../sql/statements.ts'
import { onlyReads, type Statement } from './database.ts'

const deliveryColumns =
  'no, webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data, attempts'

/** Statements that need another form where several write at once, or where PostgreSQL reads a parameter otherwise. */
const overrides = {
  // Nothing says there what these two parameters are, and PostgreSQL would take them for text.
  claimIdempotency: shared.claimIdempotency.replace(
    'then $6 else $7 end',
    'then cast($6 as bigint) else cast($7 as bigint) end',
  ),
  // It would take the place for a number of four bytes here, and for one of eight in the column.
  putAuditAnchor: shared.putAuditAnchor.replace('seq = $2 + 1', 'seq = cast($2 as bigint) + 1'),
  // The row stays as it is until the end of the transaction, so that what is committed beside it was decided on it.
  expectToken: `${shared.expectToken} for share`,
  /*
   * The fingerprint of an erased token is looked at once its whole list is written. Its number stays on the server until
   * then, in a setting of the transaction: whoever would wait for it here would hold all the others up.
   */
  eraseToken: `with erased as (delete from tokens where id = $1 and version = $2 returning fingerprint_no)
    select set_config('cardkeep.erased', current_setting('cardkeep.erased') || fingerprint_no || ' ', true) from erased`,
  /*
   * Two that claim at once each take what the other has not. Looked for once and before all else: a plan that looks again
   * for each row finds others each time, and takes more than were asked for.
   */
  claimDeliveries: `with due as materialized (select no as due_no from deliveries
      where webhook_id = $1 and is_first = 1 and due_at <= $2 and ${isKnownEvent}
      order by due_at, no limit $4 for update skip locked)
    update deliveries set due_at = $3 from due where no = due_no
    returning ${deliveryColumns}`,
  claimRotations: `with due as materialized (select card_id as due_id from cvv_rotations
      where ${isClaimable} ${longestWaiting} for update skip locked),
    claimed as (update cvv_rotations set claimed_until = $5 from due where card_id = due_id returning cvv_rotations.*)
    select ${rotatingColumns} from claimed as cvv_rotations join issued_cards on issued_cards.id = card_id
    order by due_at, card_id`,
  /*
   * Looked for once, as above, and then changed by their numbers: for each row again they take seconds. Each is locked as it
   * is found, and looked at again if somebody had it. One for which a token is put is passed over: it has one in a moment.
   */
  endPromises: `with over as materialized (select no as over_no from fingerprints
      where analytics_until > 0 and analytics_until < $1 limit $2 for no key update)
    update fingerprints set analytics_until = 0 from over where no = over_no`,
  purgeFingerprints: `with gone as materialized (select no as gone_no from fingerprints
      where analytics_until = 0 and not exists (${itsTokens}) limit $1 for update skip locked)
    delete from fingerprints using gone where no = gone_no`,
  forgetPromises: `with held as materialized (select no as held_no from fingerprints
      where analytics_until = 0 and exists (${itsTokens}) limit $1 for no key update of fingerprints)
    update fingerprints set analytics_until = null from held where no = held_no`,
  // It would look through the table for each row of a subquery that names an outer one; SQLite knows no lateral join.
  ...pagesOfCardTokens({
    finds: 'tokens.id, tokens.created_at',
    join: (statement) => `cross join lateral (${statement}) as found`,
  }),
  // The order of text depends on the database elsewhere.
  auditShipments: shared.auditShipments.replace('order by sink', 'order by sink collate "C"'),
} as const satisfies Partial<Record<StatementName, string>>

const line = (webhookId: string, subjectId: string): string =>
  `hashtextextended(encode(${webhookId}, 'hex') || encode(${subjectId}, 'hex'), 0)`

/** `card`, and the second of our locks (the first is in migrate.ts): who may change which webhooks there are. */
const webhooksLock = '1667330660, 2'

/** The fifth (the third is in alone.ts, the fourth in move/target.ts): who may add a BIN, of which no two overlap. */
const issuerBinsLock = '1667330660, 5'

/** What only this engine needs. */
const own = {
  beginErasing: "select set_config('cardkeep.erased', '', true)",
  eraseFingerprints: `delete from fingerprints
    where no = any(string_to_array(rtrim(current_setting('cardkeep.erased')), ' ')::bigint[])
    and ${isUnpromised} and not exists (${itsTokens})`,

  /*
   * Of two that take the last two tokens of a fingerprint at once, each would find the other's: the second waits here, and
   * looks afterwards. The same of a network token whose token goes while its provider is told.
   */
  lockErased: `select no from fingerprints
    where no = any(string_to_array(rtrim(current_setting('cardkeep.erased')), ' ')::bigint[]) order by no for update`,
  lockFingerprint: 'select no from fingerprints where scope_id = $1 and hash = $2 for update',
  lockNetworkTokens: 'select id from network_tokens where token_id = $1 order by id for update',
  lockIssuerBins: `select pg_advisory_xact_lock(${issuerBinsLock})`,
  lockIssuer: 'select tenant_id from issuers where tenant_id = $1 for update',
  // Lists that change several rows, in any order: all are locked before, in an order that everyone has.
  lockTokens: 'select id from tokens where id = any($1::bytea[]) order by id for update',
  lockFingerprints: `select no from fingerprints join unnest($1::bytea[], $2::bytea[]) as named (scope_id, hash)
    on fingerprints.scope_id = named.scope_id and fingerprints.hash = named.hash order by no for update of fingerprints`,

  // Rows of many lists in one statement: what a statement costs by itself is more than what a row costs.
  putFingerprints: `insert into fingerprints (id, scope_id, hash, key_version, analytics_until)
    select * from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[]) on conflict do nothing`,
  putTokens: `insert into tokens (id, scope_id, tenant_id, fingerprint_no, version, status, is_test, is_unique, type,
      scheme, bin, last4, number_length, sealed, created_at, updated_at, expires_at, invalidated_at, ends_with_card)
    select made.id, made.scope_id, tenant_id, no, version, status, is_test, is_unique, type, scheme, bin, last4,
      number_length, sealed, created_at, updated_at, expires_at, invalidated_at, ends_with_card
    from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[],
      $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bytea[], $15::bigint[], $16::bigint[],
      $17::bigint[], $18::bigint[], $19::bigint[]) as made (id, scope_id, tenant_id, hash, version, status, is_test, is_unique, type,
      scheme, bin, last4, number_length, sealed, created_at, updated_at, expires_at, invalidated_at, ends_with_card)
    join fingerprints on fingerprints.scope_id = made.scope_id and fingerprints.hash = made.hash
    on conflict do nothing`,
  /*
   * Locked before in an order that everyone has: two nodes may rotate the same cards. Of one card twice the first version is
   * written and the count is short, so that the lists are written apart.
   */
  replaceRotations: `with locked as materialized (select card_id as locked_id from cvv_rotations
      where card_id = any($1::bigint[]) order by card_id for update)
    update cvv_rotations set sealed_service_code = made.sealed_service_code, serial = made.serial,
      interval_ms = made.interval_ms, next_at = made.next_at, last_scheduled_at = made.last_scheduled_at,
      last_rotated_at = made.last_rotated_at, due_at = made.due_at, previous_sealed = made.previous_sealed,
      previous_until = made.previous_until, version = made.version, claimed_until = 0
    from locked join unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
      $8::bigint[], $9::bigint[], $10::bytea[], $11::bigint[], $12::bigint[]) as made (card_id, tenant_id,
      sealed_service_code, serial, interval_ms, next_at, last_scheduled_at, last_rotated_at, due_at, previous_sealed,
      previous_until, version) on made.card_id = locked_id
    where cvv_rotations.card_id = locked_id and cvv_rotations.tenant_id = made.tenant_id
      and cvv_rotations.version = made.version - 1`,
  /*
   * Writes nothing where the head that they are linked to is not there: a server that took another's place may lack the
   * last commits, and what was archived holds no place. An archived chain still has its last entry.
   */
  appendAuditEntries: `insert into audit_entries (chain, seq, text, hash)
    select $1::bigint, link.* from unnest($2::bigint[], $3::text[], $4::bytea[]) as link
    where exists (select 1 from audit_chains where chain = $1) and case when $5::bigint = 0
      then not exists (select 1 from audit_anchors where chain = $1)
      else exists (select 1 from audit_entries where chain = $1 and seq = $5 and hash = $6::bytea) end`,
  // In the order of the list, also where several are of one subject: the first of a line is the first that may be sent.
  emitEvents: `insert into deliveries (webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data,
      attempts, due_at, is_first)
    select webhook_id, id, tenant_id, type, subject_type, subject_id, at, data, 0, at,
      case when place = 1 and not exists (select 1 from deliveries where deliveries.webhook_id = told.webhook_id
        and deliveries.subject_id = told.subject_id) then 1 else 0 end
    from (select emitted.*, webhook_events.webhook_id, row_number() over (
          partition by webhook_events.webhook_id, emitted.subject_id order by emitted.ordinality) as place
        from unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::bigint[], $7::text[])
          with ordinality as emitted (tenant_id, type, id, subject_type, subject_id, at, data, ordinality)
        join webhook_events on webhook_events.tenant_id = emitted.tenant_id and webhook_events.event = emitted.type) as told
    order by ordinality, webhook_id`,

  /*
   * Whoever changes a line first locks it: two that look who is first at the same time would both find nobody. All lines
   * of a transaction are locked at once in the order of their keys, so that two never wait for each other. Which webhooks
   * there are must not change between finding the lines and writing to them.
   */
  shareWebhooks: `select pg_advisory_xact_lock_shared(${webhooksLock})`,
  lockWebhooks: `select pg_advisory_xact_lock(${webhooksLock})`,
  lockLinesOfEvents: `select pg_advisory_xact_lock(key) from (
      select distinct ${line('webhook_id', 'subject_id')} as key
      from unnest($1::bytea[], $2::text[], $3::bytea[]) as emitted (tenant_id, type, subject_id)
      join webhook_events on webhook_events.tenant_id = emitted.tenant_id and webhook_events.event = emitted.type
      order by key) as keys`,
  lockLines: `select pg_advisory_xact_lock(key) from (
      select ${line('webhook_id', 'subject_id')} as key
        from unnest($1::bytea[], $2::text[], $3::bytea[]) as emitted (tenant_id, type, subject_id)
        join webhook_events on webhook_events.tenant_id = emitted.tenant_id and webhook_events.event = emitted.type
      union select ${line('webhook_id', 'subject_id')} from deliveries where no = any($4::bigint[])
      union select ${line('webhook_id', 'subject_id')} from dead_deliveries where no = any($4::bigint[])
      order by key) as keys`,

  lockMainChain: 'select chain from audit_chains where chain = 0 for update',
  chains: 'select chain from audit_chains order by chain',
  freeChain: `select chain from audit_chains where chain > 0 and held_until <= $1
    order by chain limit 1 for update skip locked`,
  holdChain: 'update audit_chains set holder = $2, held_until = $3 where chain = $1',
  beginChain: `insert into audit_chains (chain, holder, held_until)
    select max(chain) + 1, $1::bytea, $2::bigint from audit_chains returning chain`,
  keepChain: 'update audit_chains set held_until = $3 where chain = $1 and holder = $2',
  releaseChain: 'update audit_chains set holder = null, held_until = 0 where chain = $1 and holder = $2',

  claimDuty: `insert into duties (name, holder, held_until) values ($1, $2, $4)
    on conflict (name) do update set holder = $2, held_until = $4
    where duties.holder = $2 or duties.held_until <= $3`,
  releaseRotations: `with mine as materialized (select card_id as mine_id from cvv_rotations
      where card_id = any($1::bigint[]) and claimed_until = $2 for update skip locked)
    update cvv_rotations set claimed_until = 0 from mine where card_id = mine_id`,
  releaseDuty: 'delete from duties where name = $1 and holder = $2',

  // Sets are looked through for the longest of the prefixes in one step.
  longestBin: `select prefix, brand, funding, segment, product, issuer, country, currency from bins
    where set_id = (select id from bin_sets where state = 'used') and prefix = any($1::text[])
    order by length(prefix) desc limit 1`,

  countChange: 'update vault_state set changes = changes + 1 where id = 1',
  changes: `select changes, ${onlyReads}, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now
    from vault_state where id = 1`,
} as const satisfies Record<string, string>

const texts = { ...shared, ...overrides, ...own }

export type PostgresStatementName = keyof typeof texts

/** Each text has one name, under which a session parses it once. */
export const statementsFor = (
  pooler: 'none' | 'transaction',
): Readonly<Record<PostgresStatementName, Statement>> => {
  const entries = Object.entries(texts).map(([name, text]) => [
    name,
    { name: pooler === 'none' ? name : undefined, text },
  ])
  return Object.fromEntries(entries) as Record<PostgresStatementName, Statement>
}

export type Statements = ReturnType<typeof statementsFor>
