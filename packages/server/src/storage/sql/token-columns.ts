/** What is read of a token and its fingerprint. */
export const tokenColumns = `tokens.id, tokens.scope_id, tokens.tenant_id, tokens.version, tokens.status, tokens.is_test,
  tokens.is_unique, fingerprints.id as fingerprint_id, fingerprints.hash as fingerprint_hash,
  fingerprints.key_version as fingerprint_key_version, tokens.type, tokens.scheme, tokens.bin, tokens.last4,
  tokens.number_length, tokens.sealed, tokens.created_at, tokens.updated_at, tokens.expires_at, tokens.invalidated_at,
  tokens.ends_with_card, fingerprints.analytics_until`
