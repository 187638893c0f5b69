-- outside a transaction: the table is in use
-- Lists go by the time of creation. It grows, so that the index is written at its end and costs a token little. The expiry
-- is for those who only count: they need not look at the rows.
create index concurrently if not exists tokens_by_creation on tokens (scope_id, created_at, id, expires_at)
  where type = 'card' and status <> 'deleted';
