CREATE TABLE access_keys (
  id blob not null primary key,
  tenant_id blob not null references issuers (tenant_id),
  public_jwk text not null,
  sealed_private_key blob not null,
  created_at integer not null,
  retired_at integer
) strict, without rowid;

CREATE INDEX access_keys_by_tenant on access_keys (tenant_id);

CREATE TABLE audit_anchors (
  chain integer not null primary key,
  seq integer not null,
  hash blob not null check (length(hash) = 32),
  at integer not null
) strict;

CREATE TABLE audit_checkpoints (
  no integer primary key,
  seq integer not null,
  hash blob not null check (length(hash) = 32),
  at integer not null,
  key_id blob not null,
  signature blob not null
, chain integer not null default 0 check (chain = 0)) strict;

CREATE INDEX audit_checkpoints_by_seq on audit_checkpoints (chain, seq);

CREATE TABLE audit_entries (
  seq integer not null primary key,
  text text not null,
  hash blob not null check (length(hash) = 32)
, chain integer not null default 0 check (chain = 0)) strict;

CREATE TABLE "audit_shipments" (
  sink text not null,
  chain integer not null,
  seq integer not null,
  at integer not null,
  primary key (sink, chain)
) strict, without rowid;

CREATE TABLE bin_sets (
  id blob not null primary key,
  state text not null check (state in ('filling', 'used', 'removed')),
  used_at integer,
  bins integer
) strict, without rowid;

CREATE UNIQUE INDEX bin_sets_used on bin_sets (state) where state = 'used';

CREATE TABLE bins (
  set_id blob not null,
  prefix text not null,
  brand text,
  funding text,
  segment text,
  product text,
  issuer text,
  country text,
  currency text,
  primary key (set_id, prefix)
) strict, without rowid;

CREATE TABLE capture_keys (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  public_key text not null,
  sealed_private_key blob not null,
  created_at integer not null,
  retired_at integer,
  place integer not null
) strict, without rowid;

CREATE UNIQUE INDEX capture_keys_by_place on capture_keys (tenant_id, place) where retired_at is null;

CREATE INDEX capture_keys_by_tenant on capture_keys (tenant_id);

CREATE TABLE credentials (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  dialect text not null,
  permissions text not null,
  hash blob not null,
  public_key text,
  created_at integer not null,
  expires_at integer,
  revoked_at integer
, last_used_at integer, disabled_at integer, user_place integer) strict, without rowid;

CREATE INDEX credentials_by_tenant on credentials (tenant_id);

CREATE UNIQUE INDEX credentials_by_user_place on credentials (public_key, user_place)
  where revoked_at is null and disabled_at is null;

CREATE TABLE cvk_components (
  tenant_id blob not null references issuers (tenant_id),
  custodian text not null,
  sealed blob not null,
  check_a text not null,
  check_b text not null,
  created_at integer not null,
  primary key (tenant_id, custodian)
) strict, without rowid;

CREATE TABLE cvv_rotations (
  card_id integer not null primary key references issued_cards (id),
  tenant_id blob not null,
  sealed_service_code blob not null,
  serial integer not null,
  interval_ms integer,
  next_at integer,
  last_scheduled_at integer,
  last_rotated_at integer not null,
  due_at integer,
  claimed_until integer not null default 0,
  previous_sealed blob,
  previous_until integer,
  version integer not null,
  check ((interval_ms is null) = (next_at is null) and (next_at is null) = (due_at is null)),
  check ((previous_sealed is null) = (previous_until is null))
) strict;

CREATE INDEX cvv_rotations_due on cvv_rotations (tenant_id, due_at) where due_at is not null;

CREATE TABLE cvv_tries (
  card_id integer not null primary key references issued_cards (id),
  serial integer not null,
  wrong integer not null,
  recent text not null,
  locked_at integer,
  version integer not null
) strict;

CREATE TABLE dead_deliveries (
  no integer not null primary key,
  webhook_id blob not null references webhooks (id) on delete cascade,
  event_id blob not null,
  tenant_id blob not null,
  event text not null,
  subject_type text not null,
  subject_id blob not null,
  at integer not null,
  data text not null,
  attempts integer not null,
  failure text not null,
  dead_at integer not null
) strict;

CREATE INDEX dead_deliveries_by_tenant on dead_deliveries (tenant_id, dead_at);

CREATE INDEX dead_deliveries_by_time on dead_deliveries (dead_at);

CREATE INDEX dead_deliveries_by_webhook on dead_deliveries (webhook_id);

CREATE TABLE deliveries (
  no integer primary key autoincrement,
  webhook_id blob not null references webhooks (id) on delete cascade,
  event_id blob not null,
  tenant_id blob not null,
  event text not null,
  subject_type text not null,
  subject_id blob not null,
  at integer not null,
  data text not null,
  attempts integer not null,
  due_at integer not null,
  is_first integer not null check (is_first in (0, 1)),
  failure text
) strict;

CREATE INDEX deliveries_by_line on deliveries (webhook_id, subject_id, no);

CREATE INDEX deliveries_due on deliveries (webhook_id, due_at) where is_first = 1;

CREATE TABLE destinations (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  origin text not null,
  path_prefix text,
  methods text not null,
  ca text,
  client_certificate text,
  client_sealed_key blob,
  allow_private integer not null check (allow_private in (0, 1)),
  created_at integer not null, headers text not null default '[]',
  check ((client_certificate is null) = (client_sealed_key is null))
) strict, without rowid;

CREATE INDEX destinations_by_tenant on destinations (tenant_id);

CREATE TABLE fingerprints (
  no integer primary key,
  id blob not null,
  scope_id blob not null references scopes (id),
  hash blob not null check (length(hash) = 32),
  key_version integer not null, analytics_until integer,
  unique (scope_id, hash)
) strict;

CREATE INDEX fingerprints_by_analytics on fingerprints (analytics_until) where analytics_until is not null;

CREATE TABLE idempotency_claims (
  name blob not null unique check (length(name) = 32),
  tenant_id blob not null references tenants (id),
  digest blob not null check (length(digest) = 32),
  claim_id blob not null,
  at integer not null,
  status integer,
  body text,
  check ((status is null) = (body is null))
) strict;

CREATE INDEX idempotency_claims_by_time on idempotency_claims (at);

CREATE TABLE issued_cards (
  id integer not null primary key,
  tenant_id blob not null references issuers (tenant_id),
  hash blob not null,
  account_id integer not null,
  customer_id integer not null,
  status text not null check (status in ('NORMAL', 'BLOCKED', 'CANCELED')),
  name text not null,
  printed_name text not null,
  last4 text not null,
  number_hash blob not null check (length(number_hash) = 32),
  sealed_number blob not null,
  expiry_month integer not null,
  expiry_year integer not null,
  contactless integer not null check (contactless in (0, 1)),
  account_updater integer not null check (account_updater in (0, 1)),
  transaction_limit text,
  metadata text,
  created_at integer not null,
  updated_at integer not null,
  version integer not null
) strict;

CREATE UNIQUE INDEX issued_cards_by_name on issued_cards (tenant_id, account_id, customer_id, name)
  where status <> 'CANCELED';

CREATE UNIQUE INDEX issued_cards_by_number on issued_cards (tenant_id, number_hash);

CREATE TABLE issuer_bins (
  tenant_id blob not null references issuers (tenant_id),
  bin text not null,
  created_at integer not null,
  primary key (tenant_id, bin)
) strict, without rowid;

CREATE TABLE issuers (
  tenant_id blob not null primary key references tenants (id),
  event_type text not null,
  grace_ms integer not null,
  jitter_ms integer not null,
  pci_delay_ms integer not null,
  sealed_cvk blob,
  cvk_check_a text,
  cvk_check_b text,
  cvk_created_at integer,
  components_expected integer,
  created_at integer not null,
  check ((sealed_cvk is null) = (cvk_check_a is null) and (sealed_cvk is null) = (cvk_check_b is null)
    and (sealed_cvk is null) = (cvk_created_at is null))
) strict, without rowid;

CREATE TABLE key_set (
  id integer not null primary key check (id = 1),
  counter integer not null,
  sealed_digest blob
) strict;

CREATE TABLE keys (
  id blob not null primary key,
  purpose text not null,
  owner_type text not null check (owner_type in ('vault', 'scope', 'tenant')),
  -- Empty for the vault, and not null: of two nulls a unique index sees two different owners.
  owner_id blob not null,
  environment text check (environment in ('test', 'live')),
  algorithm text not null,
  version integer not null,
  state text not null check (state in ('active', 'decrypt-only', 'destroyed')),
  created_at integer not null,
  expires_at integer not null,
  check_value text not null,
  wrapped blob not null,
  public_key blob,
  reserved_seals integer not null,
  unique (purpose, owner_type, owner_id, version)
) strict, without rowid;

CREATE TABLE network_tokens (
  id blob not null primary key,
  token_id blob not null,
  scope_id blob not null references scopes (id),
  status text not null check (status in ('active', 'suspended', 'deleted')),
  sealed blob not null,
  created_at integer not null,
  updated_at integer not null,
  is_settled integer not null check (is_settled in (0, 1))
) strict, without rowid;

CREATE INDEX network_tokens_by_token on network_tokens (token_id);

CREATE UNIQUE INDEX network_tokens_live on network_tokens (token_id) where status <> 'deleted';

CREATE INDEX network_tokens_unsettled on network_tokens (updated_at) where status = 'deleted' and is_settled = 0;

CREATE TABLE origins (
  tenant_id blob not null references tenants (id),
  origin text not null,
  created_at integer not null,
  primary key (tenant_id, origin)
) strict, without rowid;

CREATE TABLE schema_version (
  number integer not null primary key,
  name text not null,
  checksum text not null
, needs integer not null default 0) strict;

CREATE TABLE scope_links (
  scope_id blob not null references scopes (id),
  tenant_id blob not null references tenants (id),
  primary key (scope_id, tenant_id)
) strict, without rowid;

CREATE TABLE scopes (
  id blob not null primary key,
  environment text not null check (environment in ('test', 'live')),
  deduplicates integer not null check (deduplicates in (0, 1)),
  created_at integer not null
, network_token integer not null default 0, account_reference integer not null default 0, token_requestor text) strict, without rowid;

CREATE TABLE tenants (
  id blob not null primary key,
  name text not null unique,
  environment text not null check (environment in ('test', 'live')),
  default_scope_id blob not null,
  policy_hold integer check (policy_hold in (0, 1)),
  policy_ttl_ms integer,
  policy_uses integer,
  created_at integer not null, policy_destinations text,
  check ((policy_hold is null) = (policy_ttl_ms is null) and (policy_hold is null) = (policy_uses is null))
) strict, without rowid;

CREATE TABLE tokens (
  id blob not null unique,
  scope_id blob not null,
  tenant_id blob not null references tenants (id),
  fingerprint_no integer not null references fingerprints (no),
  version integer not null,
  status text not null check (status in ('active', 'suspended', 'deleted')),
  is_test integer not null check (is_test in (0, 1)),
  is_unique integer not null check (is_unique in (0, 1)),
  scheme text not null,
  bin text not null,
  last4 text not null,
  number_length integer not null,
  sealed blob not null,
  created_at integer not null,
  updated_at integer not null,
  expires_at integer
, type text not null default 'card' check (type in ('card', 'bank')), invalidated_at integer, ends_with_card integer not null default 0) strict;

CREATE INDEX tokens_by_creation on tokens (scope_id, created_at, id, expires_at)
  where type = 'card' and status <> 'deleted';

CREATE INDEX tokens_by_expiry on tokens (expires_at) where expires_at is not null and status <> 'deleted';

CREATE INDEX tokens_by_fingerprint on tokens (fingerprint_no);

CREATE INDEX tokens_deleted on tokens (updated_at) where status = 'deleted';

CREATE UNIQUE INDEX tokens_unique on tokens (fingerprint_no) where is_unique = 1 and status <> 'deleted';

CREATE TABLE trusted_issuers (
  credential_id blob not null primary key references credentials (id),
  issuer text not null,
  audience text not null,
  jwks text not null,
  unique (issuer, audience)
) strict, without rowid;

CREATE TABLE vault_state (
  id integer not null primary key check (id = 1),
  sealed integer not null check (sealed in (0, 1)),
  write_probes integer not null
, captured_until integer not null default 0) strict;

CREATE TABLE webhook_events (
  webhook_id blob not null references webhooks (id) on delete cascade,
  event text not null,
  tenant_id blob not null,
  primary key (webhook_id, event)
) strict, without rowid;

CREATE INDEX webhook_events_by_tenant on webhook_events (tenant_id, event);

CREATE TABLE webhooks (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  url text not null,
  form text not null,
  allow_private integer not null check (allow_private in (0, 1)),
  ca text,
  sealed_secret blob not null,
  created_at integer not null,
  failures integer not null,
  paused_until integer
) strict, without rowid;

CREATE INDEX webhooks_by_tenant on webhooks (tenant_id);
