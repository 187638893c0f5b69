/*
 * Issuers, their cards, and how the CVVs of those rotate.
 *
 * A card's row is cold and its rotation's is hot: a rotation changes nothing but the narrow one. The statements that claim count
 * on one writer at a time, as SQLite has it; where several claim at once, rows have to be locked, and locked ones skipped.
 */

const issuerColumns = `tenant_id, event_type, grace_ms, jitter_ms, pci_delay_ms, sealed_cvk, cvk_check_a, cvk_check_b,
  cvk_created_at, components_expected, created_at`

const componentColumns = 'tenant_id, custodian, sealed, check_a, check_b, created_at'

const accessKeyColumns = 'id, tenant_id, public_jwk, sealed_private_key, created_at, retired_at'

/** Named apart from those of the rotation, with which they are read. */
const cardColumns = `issued_cards.id, hash, account_id, customer_id, status, name, printed_name, last4, number_hash,
  sealed_number, expiry_month, expiry_year, contactless, account_updater, transaction_limit, metadata, created_at,
  updated_at, issued_cards.version`

const rotationColumns = `card_id, cvv_rotations.tenant_id, sealed_service_code, serial, interval_ms, next_at,
  last_scheduled_at, last_rotated_at, due_at, previous_sealed, previous_until, cvv_rotations.version as rotation_version`

export const rotatingColumns = `${cardColumns}, ${rotationColumns}`

/** One whose claim ends later than any that is made now ($4) was claimed by a clock that ran ahead. */
export const isClaimable = `tenant_id = $1 and due_at <= $2 and (claimed_until <= $2 or claimed_until > $4)`

export const longestWaiting = 'order by due_at, card_id limit $3'

/** What is overdue is told by when it comes after that: in step, and with the same delay. */
const countAhead = (which: string): string => `select tenant_id, interval_ms, is_overdue,
    comes_at - comes_at % $2 as span, count(*) as cards
  from (select tenant_id, interval_ms, case when due_at <= $3 then 1 else 0 end as is_overdue,
      case when due_at <= $3 then due_at + $3 - next_at - ($3 - next_at) % interval_ms + interval_ms
        else due_at end as comes_at
    from cvv_rotations where ${which}) as ahead
  group by tenant_id, interval_ms, is_overdue, comes_at - comes_at % $2
  order by span, tenant_id, interval_ms, is_overdue`

export const issuingStatements = {
  putIssuer: `insert into issuers (${issuerColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict do nothing`,
  replaceIssuer: `update issuers set event_type = $2, grace_ms = $3, jitter_ms = $4, pci_delay_ms = $5, sealed_cvk = $6,
      cvk_check_a = $7, cvk_check_b = $8, cvk_created_at = $9, components_expected = $10, created_at = $11
    where tenant_id = $1 and case when sealed_cvk is null then 0 else 1 end = $12
      and coalesce(components_expected, 0) = $13`,
  issuer: `select ${issuerColumns} from issuers where tenant_id = $1`,
  issuers: `select ${issuerColumns} from issuers order by created_at, tenant_id`,

  // Counts on nobody else adding one meanwhile. Numbers that begin with either begin with the longer one.
  addIssuerBin: `insert into issuer_bins (tenant_id, bin, created_at)
    select tenants.id, $2, cast($3 as bigint) from tenants where tenants.id = $1 and not exists (
      select 1 from issuer_bins as taken join tenants as others on others.id = taken.tenant_id
      where taken.tenant_id <> $1 and (tenants.environment = 'live' or others.environment = 'live')
        and (substr(taken.bin, 1, length($2)) = $2 or substr($2, 1, length(taken.bin)) = taken.bin))
    on conflict do nothing`,
  issuerBins: 'select tenant_id, bin, created_at from issuer_bins order by created_at, tenant_id, bin',
  issuerBinsOfTenant: `select tenant_id, bin, created_at from issuer_bins where tenant_id = $1 order by created_at, bin`,

  putCvkComponent: `insert into cvk_components (${componentColumns}) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing`,
  removeCvkComponents: `delete from cvk_components where tenant_id = $1
    and (select count(*) from cvk_components as there where there.tenant_id = $1) = $2`,
  noCvkComponents: 'select 1 as found where not exists (select 1 from cvk_components where tenant_id = $1)',
  cvkComponents: `select ${componentColumns} from cvk_components where tenant_id = $1 order by created_at, custodian`,

  putAccessKey: `insert into access_keys (${accessKeyColumns}) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
  retireAccessKey: 'update access_keys set retired_at = $2 where id = $1 and retired_at is null',
  purgeAccessKeys: 'delete from access_keys where retired_at < $1',
  removeAccessKey: 'delete from access_keys where id = $1',
  accessKey: `select ${accessKeyColumns} from access_keys where id = $1`,
  accessKeys: `select ${accessKeyColumns} from access_keys order by created_at, id`,
  accessKeysOfTenant: `select ${accessKeyColumns} from access_keys where tenant_id = $1 order by created_at, id`,

  // What counted as a credential that was revoked may count as another: keys of whoever signs are changed so.
  trustIssuer: `insert into trusted_issuers (credential_id, issuer, audience, jwks) values ($1, $2, $3, $4)
    on conflict (issuer, audience) do update set credential_id = excluded.credential_id, jwks = excluded.jwks
    where exists (select 1 from credentials
      where credentials.id = trusted_issuers.credential_id and credentials.revoked_at is not null)`,
  trustedIssuer:
    'select credential_id, issuer, audience, jwks from trusted_issuers where issuer = $1 and audience = $2',

  trustedIssuers: 'select credential_id, issuer, audience, jwks from trusted_issuers order by credential_id',

  putIssuedCard: `insert into issued_cards (id, tenant_id, hash, account_id, customer_id, status, name, printed_name, last4,
      number_hash, sealed_number, expiry_month, expiry_year, contactless, account_updater, transaction_limit, metadata,
      created_at, updated_at, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    on conflict do nothing`,
  replaceIssuedCard: `update issued_cards set hash = $3, account_id = $4, customer_id = $5, status = $6, name = $7,
      printed_name = $8, last4 = $9, number_hash = $10, sealed_number = $11, expiry_month = $12, expiry_year = $13,
      contactless = $14, account_updater = $15, transaction_limit = $16, metadata = $17, created_at = $18,
      updated_at = $19, version = $20
    where id = $1 and tenant_id = $2 and version = $20 - 1`,
  issuedCard: `select ${rotatingColumns} from issued_cards join cvv_rotations on card_id = issued_cards.id
    where issued_cards.id = $1`,
  issuedNumber: 'select 1 as found from issued_cards where tenant_id = $1 and number_hash = $2',
  issuedCardNamed: `select id from issued_cards where tenant_id = $1 and account_id = $2 and customer_id = $3
    and name = $4 and status <> 'CANCELED'`,

  putRotation: `insert into cvv_rotations (card_id, tenant_id, sealed_service_code, serial, interval_ms, next_at,
      last_scheduled_at, last_rotated_at, due_at, previous_sealed, previous_until, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
  replaceRotation: `update cvv_rotations set sealed_service_code = $3, serial = $4, interval_ms = $5, next_at = $6,
      last_scheduled_at = $7, last_rotated_at = $8, due_at = $9, previous_sealed = $10, previous_until = $11,
      version = $12, claimed_until = 0
    where card_id = $1 and tenant_id = $2 and version = $12 - 1`,
  // Who has waited longest comes first.
  dueIssuers: `select tenant_id, (select due_at from cvv_rotations where cvv_rotations.tenant_id = issuers.tenant_id
        and due_at <= $1 and (claimed_until <= $1 or claimed_until > $2) order by due_at limit 1) as since
    from issuers where exists (select 1 from cvv_rotations where cvv_rotations.tenant_id = issuers.tenant_id
        and due_at <= $1 and (claimed_until <= $1 or claimed_until > $2))
    order by since, tenant_id`,
  dueRotations: `select ${rotatingColumns} from (select card_id as due_id from cvv_rotations
      where ${isClaimable} ${longestWaiting}) as due
    join cvv_rotations on card_id = due_id join issued_cards on issued_cards.id = due_id order by due_at, card_id`,
  // The same ones: nobody else writes in between.
  claimRotations: `update cvv_rotations set claimed_until = $5 where card_id in (select card_id from cvv_rotations
      where ${isClaimable} ${longestWaiting})`,
  releaseRotation: 'update cvv_rotations set claimed_until = 0 where card_id = $1 and claimed_until = $2',
  oldestDueRotation: `select min(since) as since from (select (select min(due_at) from cvv_rotations
        where cvv_rotations.tenant_id = issuers.tenant_id and due_at <= $1 and claimed_until <= $1) as since
      from issuers) as waiting`,
  oldestDueRotationOfTenant:
    'select min(due_at) as since from cvv_rotations where tenant_id = $1 and due_at <= $2 and claimed_until <= $2',
  countDueRotations: `select cast(coalesce(sum(waiting.cards), 0) as bigint) as cards from (select (select count(*) from cvv_rotations
        where cvv_rotations.tenant_id = issuers.tenant_id and due_at <= $1) as cards from issuers) as waiting`,
  countDueRotationsOfTenant:
    'select count(*) as cards from cvv_rotations where tenant_id = $1 and due_at <= $2',
  rotationsAhead: countAhead('due_at < $1'),
  rotationsAheadOfTenant: countAhead('tenant_id = $4 and due_at < $1'),
  portionOfRotations: `select max(card_id) as last from (select card_id from cvv_rotations where card_id > $1
      order by card_id limit $2) as portion`,
  farRotations: `select ${rotationColumns} from cvv_rotations where card_id > $1 and card_id <= $2
    and next_at > interval_ms + $3 limit $4`,

  putCvvTries: `insert into cvv_tries (card_id, serial, wrong, recent, locked_at, version)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
  replaceCvvTries: `update cvv_tries set serial = $2, wrong = $3, recent = $4, locked_at = $5, version = $6
    where card_id = $1 and version = $6 - 1`,
  cvvTries: 'select card_id, serial, wrong, recent, locked_at, version from cvv_tries where card_id = $1',
} as const satisfies Record<string, string>
