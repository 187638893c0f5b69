const binColumns = 'prefix, brand, funding, segment, product, issuer, country, currency'

/** A set is filled, then used in place of the one before; what was replaced is removed in small portions. */
export const binStatements = {
  // Changes a row only where the set is being filled, or is new.
  fillBinSet: `insert into bin_sets (id, state) values ($1, 'filling')
    on conflict (id) do update set state = 'filling' where bin_sets.state = 'filling'`,
  putBin: `insert into bins (set_id, ${binColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (set_id, prefix) do update set brand = $3, funding = $4, segment = $5, product = $6, issuer = $7,
      country = $8, currency = $9`,
  replaceBinSets:
    "update bin_sets set state = 'removed', used_at = null, bins = null where id <> $1 and state <> 'removed'",
  useBinSet: `insert into bin_sets (id, state, used_at, bins)
    values ($1, 'used', $2, (select count(*) from bins where set_id = $1))
    on conflict (id) do update set state = 'used', used_at = $2, bins = excluded.bins
    where bin_sets.state <> 'removed'`,
  removeReplacedBins: `delete from bins where (set_id, prefix) in (
      select bins.set_id, bins.prefix from bin_sets join bins on bins.set_id = bin_sets.id
      where bin_sets.state = 'removed' limit $1)`,
  bin: `select ${binColumns} from bins where set_id = (select id from bin_sets where state = 'used') and prefix = $1`,
  binTable: "select used_at, bins from bin_sets where state = 'used'",
} as const satisfies Record<string, string>
