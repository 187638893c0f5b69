export const idempotencyStatements = {
  claimIdempotency: `insert into idempotency_claims (name, tenant_id, digest, claim_id, at)
    values ($1, $2, $3, $4, $5)
    on conflict (name) do update set tenant_id = $2, digest = $3, claim_id = $4, at = $5, status = null, body = null
    where idempotency_claims.at <= $5 - case when idempotency_claims.status is null then $6 else $7 end`,
  settleIdempotency: `update idempotency_claims set status = $3, body = $4
    where name = $1 and claim_id = $2 and status is null`,
  releaseIdempotency: 'delete from idempotency_claims where name = $1 and claim_id = $2 and status is null',
  purgeIdempotency: `delete from idempotency_claims where name in (
      select name from idempotency_claims where at < $1 order by at limit $2)`,
  idempotencyClaim: `select name, tenant_id, digest, claim_id, at, status, body from idempotency_claims
    where name = $1`,
} as const satisfies Record<string, string>
