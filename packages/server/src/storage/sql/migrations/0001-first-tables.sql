-- The types are SQLite's. PostgreSQL reads the same file with bigint for integer, bytea for blob, an identity for
-- `no integer primary key`, and without `strict` and `without rowid`. Ids are the 16 bytes of a UUID, times are
-- milliseconds since 1970, flags are 0 or 1. No column may hold a security code.

create table scopes (
  id blob not null primary key,
  environment text not null check (environment in ('test', 'live')),
  deduplicates integer not null check (deduplicates in (0, 1)),
  created_at integer not null
) strict, without rowid;

-- Without a reference to scopes: a tenant and its default scope come in one list, in either order.
create table tenants (
  id blob not null primary key,
  name text not null unique,
  environment text not null check (environment in ('test', 'live')),
  default_scope_id blob not null,
  policy_hold integer check (policy_hold in (0, 1)),
  policy_ttl_ms integer,
  policy_uses integer,
  created_at integer not null,
  check ((policy_hold is null) = (policy_ttl_ms is null) and (policy_hold is null) = (policy_uses is null))
) strict, without rowid;

create table scope_links (
  scope_id blob not null references scopes (id),
  tenant_id blob not null references tenants (id),
  primary key (scope_id, tenant_id)
) strict, without rowid;

-- Numbered, so that tokens refer to it by a number that grows: an index on a random value costs a page of the log for
-- each token, one on a growing number almost nothing. For the same reason its id has none: nobody looks for it.
create table fingerprints (
  no integer primary key,
  id blob not null,
  scope_id blob not null references scopes (id),
  hash blob not null check (length(hash) = 32),
  key_version integer not null,
  unique (scope_id, hash)
) strict;

create table tokens (
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
  pan_length integer not null,
  sealed_card blob not null,
  created_at integer not null,
  updated_at integer not null,
  expires_at integer
) strict;

create unique index tokens_unique on tokens (fingerprint_no) where is_unique = 1 and status <> 'deleted';
create index tokens_by_fingerprint on tokens (fingerprint_no);
create index tokens_by_expiry on tokens (expires_at) where expires_at is not null;

create table credentials (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  dialect text not null,
  permissions text not null,
  hash blob not null,
  public_key text,
  created_at integer not null,
  expires_at integer,
  revoked_at integer
) strict, without rowid;

create index credentials_by_tenant on credentials (tenant_id);

create table destinations (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  origin text not null,
  path_prefix text,
  methods text not null,
  ca text,
  client_certificate text,
  client_sealed_key blob,
  allow_private integer not null check (allow_private in (0, 1)),
  created_at integer not null,
  check ((client_certificate is null) = (client_sealed_key is null))
) strict, without rowid;

create index destinations_by_tenant on destinations (tenant_id);

create table keys (
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

-- One row. Counter 0: no set has been written yet.
create table key_set (
  id integer not null primary key check (id = 1),
  counter integer not null,
  sealed_digest blob
) strict;

insert into key_set (id, counter, sealed_digest) values (1, 0, null);

-- One row. `write_probes` goes up when the program finds out whether it can write.
create table vault_state (
  id integer not null primary key check (id = 1),
  sealed integer not null check (sealed in (0, 1)),
  write_probes integer not null
) strict;

insert into vault_state (id, sealed, write_probes) values (1, 0, 0);

-- Append-only: no statement of the program changes a row.
create table audit_entries (
  seq integer not null primary key,
  text text not null,
  hash blob not null check (length(hash) = 32)
) strict;

create table audit_checkpoints (
  no integer primary key,
  seq integer not null,
  hash blob not null check (length(hash) = 32),
  at integer not null,
  key_id blob not null,
  signature blob not null
) strict;

-- Entries of the same place keep the order in which they came: the index ends with the number of the row.
create index audit_checkpoints_by_seq on audit_checkpoints (seq);
