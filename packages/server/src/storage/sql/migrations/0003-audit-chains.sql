-- The log may be several chains (core/audit/chain.ts). Here everyone writes to the main one, number 0.

alter table audit_entries add column chain integer not null default 0 check (chain = 0);

alter table audit_checkpoints add column chain integer not null default 0 check (chain = 0);
drop index audit_checkpoints_by_seq;
create index audit_checkpoints_by_seq on audit_checkpoints (chain, seq);

-- For each chain no row or one. Entries up to this place are in an archive and no longer here.
create table audit_anchors (
  chain integer not null primary key,
  seq integer not null,
  hash blob not null check (length(hash) = 32),
  at integer not null
) strict;

insert into audit_anchors (chain, seq, hash, at) select 0, seq, hash, at from audit_anchor;
drop table audit_anchor;

create table audit_chain_shipments (
  sink text not null,
  chain integer not null,
  seq integer not null,
  at integer not null,
  primary key (sink, chain)
) strict, without rowid;

insert into audit_chain_shipments (sink, chain, seq, at) select sink, 0, seq, at from audit_shipments;
drop table audit_shipments;
alter table audit_chain_shipments rename to audit_shipments;
