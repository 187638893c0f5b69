-- Whose pages may embed the vault's fields.
create table origins (
  tenant_id blob not null references tenants (id),
  origin text not null,
  created_at integer not null,
  primary key (tenant_id, origin)
) strict, without rowid;
