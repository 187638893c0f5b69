/** How a column holds its values: whole numbers, text, or bytes. */
export type ColumnKind = 'number' | 'text' | 'bytes'

export interface MovedTable {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Names a row in both databases. */
  readonly key: readonly string[]
  /**
   * The hidden number of a row in SQLite, where rows are not stored in the order of their key: read in this order the file is
   * read once from front to back. It means nothing outside of one run.
   */
  readonly storedBy?: 'rowid'
  /** Rows only come, each with the next number of the key, and go from the front: what comes needs no record of its own. */
  readonly appended?: true
  /** Other tables refer to its rows, so a row that changes is changed in its place. */
  readonly referredTo?: true
  /** The numbers of this column are given by the database, which is told where to go on. */
  readonly numbers?: string
}

const tenantId = { tenant_id: 'bytes' } as const
const event = {
  no: 'number',
  webhook_id: 'bytes',
  event_id: 'bytes',
  tenant_id: 'bytes',
  event: 'text',
  subject_type: 'text',
  subject_id: 'bytes',
  at: 'number',
  data: 'text',
  attempts: 'number',
} as const
const place = { chain: 'number', seq: 'number', hash: 'bytes' } as const

/** Everything that is moved, field by field. A table comes after those that it refers to. */
export const movedTables: readonly MovedTable[] = [
  {
    name: 'scopes',
    columns: {
      id: 'bytes',
      environment: 'text',
      deduplicates: 'number',
      created_at: 'number',
      network_token: 'number',
      account_reference: 'number',
      token_requestor: 'text',
    },
    key: ['id'],
    referredTo: true,
  },
  {
    name: 'tenants',
    columns: {
      id: 'bytes',
      name: 'text',
      environment: 'text',
      default_scope_id: 'bytes',
      policy_hold: 'number',
      policy_ttl_ms: 'number',
      policy_uses: 'number',
      created_at: 'number',
      policy_destinations: 'text',
    },
    key: ['id'],
    referredTo: true,
  },
  {
    name: 'scope_links',
    columns: { scope_id: 'bytes', ...tenantId },
    key: ['scope_id', 'tenant_id'],
  },
  {
    name: 'credentials',
    columns: {
      id: 'bytes',
      ...tenantId,
      dialect: 'text',
      permissions: 'text',
      hash: 'bytes',
      public_key: 'text',
      created_at: 'number',
      expires_at: 'number',
      revoked_at: 'number',
      last_used_at: 'number',
      disabled_at: 'number',
      user_place: 'number',
    },
    key: ['id'],
    referredTo: true,
  },
  {
    name: 'origins',
    columns: { ...tenantId, origin: 'text', created_at: 'number' },
    key: ['tenant_id', 'origin'],
  },
  {
    name: 'destinations',
    columns: {
      id: 'bytes',
      ...tenantId,
      origin: 'text',
      path_prefix: 'text',
      methods: 'text',
      ca: 'text',
      client_certificate: 'text',
      client_sealed_key: 'bytes',
      allow_private: 'number',
      created_at: 'number',
      headers: 'text',
    },
    key: ['id'],
  },
  {
    name: 'keys',
    columns: {
      id: 'bytes',
      purpose: 'text',
      owner_type: 'text',
      owner_id: 'bytes',
      environment: 'text',
      algorithm: 'text',
      version: 'number',
      state: 'text',
      created_at: 'number',
      expires_at: 'number',
      check_value: 'text',
      wrapped: 'bytes',
      public_key: 'bytes',
      reserved_seals: 'number',
    },
    key: ['id'],
  },
  { name: 'key_set', columns: { id: 'number', counter: 'number', sealed_digest: 'bytes' }, key: ['id'] },
  {
    name: 'vault_state',
    columns: { id: 'number', sealed: 'number', write_probes: 'number', captured_until: 'number' },
    key: ['id'],
  },
  {
    name: 'webhooks',
    columns: {
      id: 'bytes',
      ...tenantId,
      url: 'text',
      form: 'text',
      allow_private: 'number',
      ca: 'text',
      sealed_secret: 'bytes',
      created_at: 'number',
      failures: 'number',
      paused_until: 'number',
    },
    key: ['id'],
    referredTo: true,
  },
  {
    name: 'webhook_events',
    columns: { webhook_id: 'bytes', event: 'text', ...tenantId },
    key: ['webhook_id', 'event'],
  },
  {
    name: 'bin_sets',
    columns: { id: 'bytes', state: 'text', used_at: 'number', bins: 'number' },
    key: ['id'],
  },
  {
    name: 'bins',
    columns: {
      set_id: 'bytes',
      prefix: 'text',
      brand: 'text',
      funding: 'text',
      segment: 'text',
      product: 'text',
      issuer: 'text',
      country: 'text',
      currency: 'text',
    },
    key: ['set_id', 'prefix'],
  },
  {
    name: 'fingerprints',
    columns: {
      no: 'number',
      id: 'bytes',
      scope_id: 'bytes',
      hash: 'bytes',
      key_version: 'number',
      analytics_until: 'number',
    },
    key: ['no'],
    referredTo: true,
    numbers: 'no',
  },
  {
    name: 'tokens',
    columns: {
      id: 'bytes',
      scope_id: 'bytes',
      ...tenantId,
      fingerprint_no: 'number',
      version: 'number',
      status: 'text',
      is_test: 'number',
      is_unique: 'number',
      scheme: 'text',
      bin: 'text',
      last4: 'text',
      number_length: 'number',
      sealed: 'bytes',
      created_at: 'number',
      updated_at: 'number',
      expires_at: 'number',
      type: 'text',
      invalidated_at: 'number',
      ends_with_card: 'number',
    },
    key: ['id'],
    storedBy: 'rowid',
  },
  {
    name: 'capture_keys',
    columns: {
      id: 'bytes',
      ...tenantId,
      public_key: 'text',
      sealed_private_key: 'bytes',
      created_at: 'number',
      retired_at: 'number',
      place: 'number',
    },
    key: ['id'],
  },
  {
    name: 'network_tokens',
    columns: {
      id: 'bytes',
      token_id: 'bytes',
      scope_id: 'bytes',
      status: 'text',
      sealed: 'bytes',
      created_at: 'number',
      updated_at: 'number',
      is_settled: 'number',
    },
    key: ['id'],
  },
  {
    name: 'issuers',
    columns: {
      ...tenantId,
      event_type: 'text',
      grace_ms: 'number',
      jitter_ms: 'number',
      pci_delay_ms: 'number',
      sealed_cvk: 'bytes',
      cvk_check_a: 'text',
      cvk_check_b: 'text',
      cvk_created_at: 'number',
      components_expected: 'number',
      created_at: 'number',
    },
    key: ['tenant_id'],
    referredTo: true,
  },
  {
    name: 'cvk_components',
    columns: {
      ...tenantId,
      custodian: 'text',
      sealed: 'bytes',
      check_a: 'text',
      check_b: 'text',
      created_at: 'number',
    },
    key: ['tenant_id', 'custodian'],
  },
  {
    name: 'issuer_bins',
    columns: { ...tenantId, bin: 'text', created_at: 'number' },
    key: ['tenant_id', 'bin'],
  },
  {
    name: 'access_keys',
    columns: {
      id: 'bytes',
      ...tenantId,
      public_jwk: 'text',
      sealed_private_key: 'bytes',
      created_at: 'number',
      retired_at: 'number',
    },
    key: ['id'],
  },
  {
    name: 'trusted_issuers',
    columns: { credential_id: 'bytes', issuer: 'text', audience: 'text', jwks: 'text' },
    key: ['credential_id'],
  },
  {
    name: 'issued_cards',
    columns: {
      id: 'number',
      ...tenantId,
      hash: 'bytes',
      account_id: 'number',
      customer_id: 'number',
      status: 'text',
      name: 'text',
      printed_name: 'text',
      last4: 'text',
      number_hash: 'bytes',
      sealed_number: 'bytes',
      expiry_month: 'number',
      expiry_year: 'number',
      contactless: 'number',
      account_updater: 'number',
      transaction_limit: 'text',
      metadata: 'text',
      created_at: 'number',
      updated_at: 'number',
      version: 'number',
    },
    key: ['id'],
    referredTo: true,
  },
  {
    name: 'cvv_rotations',
    columns: {
      card_id: 'number',
      ...tenantId,
      sealed_service_code: 'bytes',
      serial: 'number',
      interval_ms: 'number',
      next_at: 'number',
      last_scheduled_at: 'number',
      last_rotated_at: 'number',
      due_at: 'number',
      claimed_until: 'number',
      previous_sealed: 'bytes',
      previous_until: 'number',
      version: 'number',
    },
    key: ['card_id'],
  },
  {
    name: 'cvv_tries',
    columns: {
      card_id: 'number',
      serial: 'number',
      wrong: 'number',
      recent: 'text',
      locked_at: 'number',
      version: 'number',
    },
    key: ['card_id'],
  },
  {
    name: 'deliveries',
    columns: { ...event, due_at: 'number', is_first: 'number', failure: 'text' },
    key: ['no'],
    numbers: 'no',
  },
  {
    name: 'dead_deliveries',
    columns: { ...event, failure: 'text', dead_at: 'number' },
    key: ['no'],
  },
  {
    name: 'idempotency_claims',
    columns: {
      name: 'bytes',
      ...tenantId,
      digest: 'bytes',
      claim_id: 'bytes',
      at: 'number',
      status: 'number',
      body: 'text',
    },
    key: ['name'],
    storedBy: 'rowid',
  },
  {
    name: 'audit_checkpoints',
    columns: { no: 'number', ...place, at: 'number', key_id: 'bytes', signature: 'bytes' },
    key: ['no'],
    numbers: 'no',
  },
  { name: 'audit_anchors', columns: { ...place, at: 'number' }, key: ['chain'] },
  {
    name: 'audit_shipments',
    columns: { sink: 'text', chain: 'number', seq: 'number', at: 'number' },
    key: ['sink', 'chain'],
  },
  // Last: it grows with everything else, so what is read of it covers what was read before.
  {
    name: 'audit_entries',
    columns: { ...place, text: 'text' },
    key: ['chain', 'seq'],
    storedBy: 'rowid',
    appended: true,
  },
]

/** What PostgreSQL has for many nodes, and the embedded database has not. */
export const ownToTarget: Readonly<Record<string, 'all' | readonly string[]>> = {
  audit_chains: 'all',
  duties: 'all',
  vault_state: ['changes'],
}
