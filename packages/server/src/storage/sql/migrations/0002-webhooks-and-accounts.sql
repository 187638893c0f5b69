-- Reads in PostgreSQL as 0001 does; an identity that may also be given stands there for
-- `no integer primary key autoincrement`, a number that grows and is never used twice, not even after its row is gone.

-- A bank account has no scheme and no BIN: both are empty then.
alter table tokens add column type text not null default 'card' check (type in ('card', 'bank'));
alter table tokens add column invalidated_at integer;
-- Empty for a token that is deleted.
alter table tokens rename column sealed_card to sealed;
alter table tokens rename column pan_length to number_length;

-- A token that was deleted is not swept again when its time is over.
drop index tokens_by_expiry;
create index tokens_by_expiry on tokens (expires_at) where expires_at is not null and status <> 'deleted';
create index tokens_deleted on tokens (updated_at) where status = 'deleted';

-- A list of origins as JSON.
alter table tenants add column policy_destinations text;

-- Pairs of a name and the sealed value in base64, as JSON: they are read and written only as a whole.
alter table destinations add column headers text not null default '[]';

alter table credentials add column last_used_at integer;
alter table credentials add column disabled_at integer;

create table webhooks (
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

create index webhooks_by_tenant on webhooks (tenant_id);

-- Who wants which events. A commit with an event of a tenant that has no webhook looks here once and finds nothing.
create table webhook_events (
  webhook_id blob not null references webhooks (id) on delete cascade,
  event text not null,
  tenant_id blob not null,
  primary key (webhook_id, event)
) strict, without rowid;

create index webhook_events_by_tenant on webhook_events (tenant_id, event);

-- What waits to be delivered. Deliveries of one webhook and subject stand in a line, and only the first of a line may
-- be sent: it is marked, and whoever removes it marks the next one. So the index by time holds what may be sent and
-- nothing else, however long a line is. A delivery that somebody has taken is due when that claim runs out.
create table deliveries (
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

create index deliveries_by_line on deliveries (webhook_id, subject_id, no);
create index deliveries_due on deliveries (webhook_id, due_at) where is_first = 1;

-- Deliveries that were given up, with the number that they had: no line waits for them.
create table dead_deliveries (
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

create index dead_deliveries_by_time on dead_deliveries (dead_at);
create index dead_deliveries_by_tenant on dead_deliveries (tenant_id, dead_at);
create index dead_deliveries_by_webhook on dead_deliveries (webhook_id);

-- Status and body are of the reply, and null while the request is under way.
create table idempotency_claims (
  name blob not null unique check (length(name) = 32),
  tenant_id blob not null references tenants (id),
  digest blob not null check (length(digest) = 32),
  claim_id blob not null,
  at integer not null,
  status integer,
  body text,
  check ((status is null) = (body is null))
) strict;

create index idempotency_claims_by_time on idempotency_claims (at);

-- One set is used. A set that was replaced is remembered, so that whoever still fills it finds out.
create table bin_sets (
  id blob not null primary key,
  state text not null check (state in ('filling', 'used', 'removed')),
  used_at integer,
  bins integer
) strict, without rowid;

create unique index bin_sets_used on bin_sets (state) where state = 'used';

create table bins (
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

-- No row or one. Entries up to this place are in an archive and no longer here.
create table audit_anchor (
  id integer not null primary key check (id = 1),
  seq integer not null,
  hash blob not null check (length(hash) = 32),
  at integer not null
) strict;

create table audit_shipments (
  sink text not null primary key,
  seq integer not null,
  at integer not null
) strict, without rowid;
