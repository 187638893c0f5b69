-- Tenants that issue virtual cards, the cards, and how their CVVs rotate. No column holds a CVV, sealed or not.

create table issuers (
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

-- Only until all are here: the keys are made of them, and they go.
create table cvk_components (
  tenant_id blob not null references issuers (tenant_id),
  custodian text not null,
  sealed blob not null,
  check_a text not null,
  check_b text not null,
  created_at integer not null,
  primary key (tenant_id, custodian)
) strict, without rowid;

create table issuer_bins (
  tenant_id blob not null references issuers (tenant_id),
  bin text not null,
  created_at integer not null,
  primary key (tenant_id, bin)
) strict, without rowid;

create table access_keys (
  id blob not null primary key,
  tenant_id blob not null references issuers (tenant_id),
  public_jwk text not null,
  sealed_private_key blob not null,
  created_at integer not null,
  retired_at integer
) strict, without rowid;

create index access_keys_by_tenant on access_keys (tenant_id);

create table trusted_issuers (
  credential_id blob not null primary key references credentials (id),
  issuer text not null,
  audience text not null,
  jwks text not null,
  unique (issuer, audience)
) strict, without rowid;

-- What seldom changes of a card. A limit stands as its digits: it may be a fraction.
create table issued_cards (
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

create unique index issued_cards_by_number on issued_cards (tenant_id, number_hash);
create unique index issued_cards_by_name on issued_cards (tenant_id, account_id, customer_id, name)
  where status <> 'CANCELED';

-- What changes with each rotation: narrow rows, and one index, which a claim leaves alone.
create table cvv_rotations (
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

create index cvv_rotations_due on cvv_rotations (tenant_id, due_at) where due_at is not null;

-- The times of wrong tries stand as JSON: they are read and written only as a whole.
create table cvv_tries (
  card_id integer not null primary key references issued_cards (id),
  serial integer not null,
  wrong integer not null,
  recent text not null,
  locked_at integer,
  version integer not null
) strict;
