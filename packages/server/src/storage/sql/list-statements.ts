import { tokenColumns } from './token-columns.ts'

/*
 * The card tokens that a tenant may use, by the time of creation. Each of its scopes gives its first ones, as many as come
 * up to the end of the page, out of the index tokens_by_creation alone, and only those are put in order; if all
 * scopes are asked for at once, either engine sorts every token that there is.
 */

type Order = 'asc' | 'desc'

/** How an engine joins to each row of `scopes` what the statement finds in that scope, as `found`. */
interface Joining {
  /** What the statement tells of a token. */
  readonly finds: string
  readonly join: (statement: string) => string
}

// The first parameters: scope and tenant, from when and before when it was created, and now.
const scopes = '(select $1 as scope_id union select scope_id from scope_links where tenant_id = $2) as scopes'
const isListed = `tokens.scope_id = scopes.scope_id and tokens.type = 'card' and tokens.status <> 'deleted'
  and tokens.created_at >= $3 and tokens.created_at < $4 and (tokens.expires_at is null or tokens.expires_at > $5)`

const pageIn = (order: Order, { finds, join }: Joining): string => {
  const firstOnes = `select ${finds} from tokens where ${isListed}
    order by tokens.created_at ${order}, tokens.id ${order} limit cast($6 as bigint) + cast($7 as bigint)`
  return `select ${tokenColumns} from (
      select found.id as found_id, found.created_at as found_at from ${scopes} ${join(firstOnes)}
      order by found.created_at ${order}, found.id ${order} limit $6 offset $7) as page
    join tokens on tokens.id = found_id join fingerprints on fingerprints.no = tokens.fingerprint_no
    order by found_at ${order}, found_id ${order}`
}

export const pagesOfCardTokens = (joining: Joining) => ({
  cardTokensNewestFirst: pageIn('desc', joining),
  cardTokensOldestFirst: pageIn('asc', joining),
})

export const listStatements = {
  ...pagesOfCardTokens({
    finds: 'tokens.rowid',
    join: (statement) => `join tokens as found on found.rowid in (${statement})`,
  }),
  // SQLite keeps the order of a cross join: without a word it would walk through all tokens and look up the scope of each.
  countCardTokens: `select count(*) as tokens from ${scopes} cross join tokens where ${isListed}`,
}
