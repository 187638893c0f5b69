-- Cards that clients encrypt, the tokens that stand for them, and what card schemes give out in their place.

-- What a scope asks of card schemes; without a requestor nothing.
alter table scopes add column network_token integer not null default 0;
alter table scopes add column account_reference integer not null default 0;
alter table scopes add column token_requestor text;

-- Whether a token's end follows its card's expiry.
alter table tokens add column ends_with_card integer not null default 0;

-- Until when a fingerprint without tokens keeps its id.
alter table fingerprints add column analytics_until integer;

-- The latest time, by its client's clock, at which a card was captured whose code was held before that time had come.
alter table vault_state add column captured_until integer not null default 0;

create table capture_keys (
  id blob not null primary key,
  tenant_id blob not null references tenants (id),
  public_key text not null,
  sealed_private_key blob not null,
  created_at integer not null,
  retired_at integer,
  place integer not null
) strict, without rowid;

create index capture_keys_by_tenant on capture_keys (tenant_id);
-- Active keys of a tenant have a place each, and there are only so many.
create unique index capture_keys_by_place on capture_keys (tenant_id, place) where retired_at is null;

-- Good credentials of a user have a place each, as the index of the next migration has it. One that has expired gives it up.
alter table credentials add column user_place integer;

-- Without a reference to tokens: one that its provider must still hear the end of outlives its token.
create table network_tokens (
  id blob not null primary key,
  token_id blob not null,
  scope_id blob not null references scopes (id),
  status text not null check (status in ('active', 'suspended', 'deleted')),
  sealed blob not null,
  created_at integer not null,
  updated_at integer not null,
  is_settled integer not null check (is_settled in (0, 1))
) strict, without rowid;

create unique index network_tokens_live on network_tokens (token_id) where status <> 'deleted';
create index network_tokens_by_token on network_tokens (token_id);
create index network_tokens_unsettled on network_tokens (updated_at) where status = 'deleted' and is_settled = 0;
