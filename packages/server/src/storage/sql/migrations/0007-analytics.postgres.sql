-- outside a transaction: the table is in use
create index concurrently if not exists fingerprints_by_analytics on fingerprints (analytics_until)
  where analytics_until is not null;
create unique index concurrently if not exists credentials_by_user_place on credentials (public_key, user_place)
  where revoked_at is null and disabled_at is null;
