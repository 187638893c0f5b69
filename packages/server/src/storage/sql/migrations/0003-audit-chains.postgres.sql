-- The log may be several chains (core/audit/chain.ts): nodes take one each, and everyone else writes to number 0.

alter table audit_entries drop constraint audit_entries_pkey;
alter table audit_entries add column chain bigint not null default 0;
alter table audit_entries add primary key (chain, seq);

alter table audit_checkpoints add column chain bigint not null default 0;
drop index audit_checkpoints_by_seq;
create index audit_checkpoints_by_seq on audit_checkpoints (chain, seq);

-- For each chain no row or one. Entries up to this place are in an archive and no longer here.
create table audit_anchors (
  chain bigint not null primary key,
  seq bigint not null,
  hash bytea not null check (length(hash) = 32),
  at bigint not null
);

drop table audit_anchor;

create table audit_chain_shipments (
  sink text not null,
  chain bigint not null,
  seq bigint not null,
  at bigint not null,
  primary key (sink, chain)
);

drop table audit_shipments;
alter table audit_chain_shipments rename to audit_shipments;

-- Every chain that has begun. A chain is written by whoever holds it; the main chain by whoever has locked its row.
create table audit_chains (
  chain bigint not null primary key,
  holder bytea,
  held_until bigint not null
);

insert into audit_chains (chain, held_until) values (0, 0);

-- Work that many nodes could do and one at a time does. Whoever holds a duty and dies leaves it to others in time.
create table duties (
  name text not null primary key,
  holder bytea not null,
  held_until bigint not null
);

-- Goes up with every change that nodes remember something of; they look at it to know when to forget.
alter table vault_state add column changes bigint not null default 0;
