import type { Database } from '@cardkeep/server/storage/sqlite/database'

const id = (no: number): Buffer =>
  Buffer.from(`00000000000040008000${no.toString(16).padStart(12, '0')}`, 'hex')
const hash = (no: number): Buffer => Buffer.alloc(32, `${no}.`)

/** Text in which something would break that was not written and read with care. */
const tricky = 'a "b" \\ {c,null} \' é \u2028 \t\n'

/**
 * Rows in every table of an embedded vault, with nothing, empty values, the largest numbers and awkward text among them.
 * Nothing in them can be opened; for whoever looks at rows and not at what they mean.
 */
export const fillEveryTable = (database: Database, tokens: number): void => {
  const insert = (
    table: string,
    ...rows: readonly (readonly (string | number | Buffer | null)[])[]
  ): void => {
    for (const row of rows)
      database
        .prepare(`insert into ${table} values (${row.map((_, at) => `?${at + 1}`).join(', ')})`)
        .run(...row)
  }
  const most = Number.MAX_SAFE_INTEGER
  database.exec('begin immediate')
  insert(
    'scopes',
    [id(1), 'test', 1, 10, 0, 0, null],
    [id(2), 'live', 0, most, 1, 1, 'merchant'],
    [id(15), 'test', 0, 10, 0, 1, 'vault'],
  )
  insert(
    'tenants',
    [id(3), tricky, 'test', id(1), 1, 60_000, 2, 11, '["https://a.example"]'],
    [id(4), '', 'live', id(2), null, null, null, 12, null],
  )
  insert('scope_links', [id(1), id(3)], [id(2), id(4)], [id(2), id(3)])
  insert(
    'credentials',
    [id(5), id(3), 'ozura', '["forward"]', hash(1), tricky, 13, null, null, 14, null, null],
    [id(6), id(4), 'ozura', '[]', Buffer.alloc(0), null, 13, 14, 15, null, 16, null],
    [id(16), id(4), 'verifone', '[]', hash(1), id(4).toString('hex'), 13, 14, null, null, null, 3],
  )
  insert('origins', [id(3), 'https://shop.example', 17], [id(4), tricky, most])
  insert('destinations', [id(7), id(3), 'https://a.example', null, '[]', null, null, null, 0, 17, '[]'])
  insert('destinations', [
    id(8),
    id(3),
    'https://b.example',
    '/b',
    '["POST"]',
    tricky,
    'pem',
    hash(2),
    1,
    18,
    '[]',
  ])
  insert('keys', [
    id(9),
    'card',
    'vault',
    Buffer.alloc(0),
    null,
    'A',
    1,
    'active',
    1,
    2,
    'v',
    hash(3),
    null,
    most,
  ])
  insert('keys', [
    id(10),
    'card',
    'scope',
    id(1),
    'test',
    'A',
    2,
    'destroyed',
    1,
    2,
    'v',
    Buffer.alloc(0),
    hash(4),
    0,
  ])
  database.exec(
    `update key_set set counter = 4, sealed_digest = x'00ff'; update vault_state set write_probes = 7`,
  )
  insert('webhooks', [id(11), id(3), 'https://hook.example', 'standard', 0, null, hash(5), 19, 0, null])
  insert('webhooks', [id(12), id(4), 'https://hook.example', 'standard', 1, tricky, hash(6), 19, 3, 20])
  insert('webhook_events', [id(11), 'token.created', id(3)], [id(11), 'token.deleted', id(3)])
  insert('bin_sets', [id(13), 'used', 21, 2], [id(14), 'filling', null, null])
  insert(
    'bins',
    [id(13), '400000', 'visa', 'credit', null, tricky, '', 'DE', 'EUR'],
    [id(13), '40000001', null, null, null, null, null, null, null],
    [id(14), '400000', null, null, null, null, null, null, null],
  )
  for (let no = 1; no <= tokens; no++) addToken(database, no)
  database.exec(
    `update fingerprints set analytics_until = case no when 2 then 0 when 4 then ${most} else 7 end where no <= 6;
     update tokens set ends_with_card = 1 where fingerprint_no <= 8`,
  )
  insert(
    'capture_keys',
    [id(16), id(3), tricky, hash(10), 18, null, 0],
    [id(17), id(4), '', Buffer.alloc(0), 18, most, 19],
  )
  insert(
    'network_tokens',
    [id(18), id(1), id(1), 'active', hash(11), 30, 31, 0],
    // Its token is gone.
    [id(19), id(2), id(2), 'deleted', Buffer.alloc(0), 30, most, 0],
    [id(20), id(1), id(1), 'deleted', Buffer.alloc(0), 30, 31, 1],
  )
  insert(
    'issuers',
    [id(3), 'rotate_cvv', 0, 0, 0, hash(12), 'A1B2C3', '000000', 32, null, 33],
    [id(4), 'rotate_cvv-1', 300_000, 1_800_000, most, null, null, null, null, 3, most],
  )
  insert(
    'cvk_components',
    [id(4), tricky, hash(13), '8CA64D', '08D7B4', 34],
    [id(4), '', hash(14), '', '', 35],
  )
  insert('issuer_bins', [id(3), '400000', 36], [id(3), '400000123', 37], [id(4), '400000', most])
  insert(
    'access_keys',
    [id(27), id(3), '{}', hash(15), 38, null],
    [id(28), id(3), tricky, Buffer.alloc(0), 38, most],
  )
  insert('trusted_issuers', [id(5), tricky, '', '{"keys":[]}'], [id(6), '', tricky, tricky])
  const card = (customer: number, status: string) =>
    [id(3), id(29), 1, customer, status, tricky, '', '0002'] as const
  insert(
    'issued_cards',
    [1, ...card(1, 'NORMAL'), hash(16), hash(17), 12, 2031, 1, 0, '1e+21', tricky, 39, 40, 1],
    [most, ...card(1, 'CANCELED'), hash(18), Buffer.alloc(0), 1, 9999, 0, 1, null, null, 39, 40, most],
    [77, ...card(most, 'BLOCKED'), hash(19), hash(20), 1, 2031, 0, 1, '0.5', '{}', 39, 40, 2],
  )
  insert(
    'cvv_rotations',
    [1, id(3), hash(21), 0, 3_600_000, 41, 42, 43, 44, 45, hash(22), 46, 1],
    [most, id(3), Buffer.alloc(0), most, null, null, null, 43, null, 0, null, null, most],
    [77, id(3), hash(23), 9, 3_600_000, most, 42, 43, most, most, null, null, 9],
  )
  insert('cvv_tries', [1, 0, 5, '[1,2,3]', null, 1], [most, 3, 0, '[]', most, most])
  insert('deliveries', [
    41,
    id(11),
    id(20),
    id(3),
    'token.created',
    'token',
    id(21),
    22,
    tricky,
    0,
    23,
    1,
    null,
  ])
  insert('deliveries', [
    42,
    id(11),
    id(22),
    id(3),
    'token.created',
    'token',
    id(21),
    22,
    '{}',
    1,
    23,
    0,
    tricky,
  ])
  insert('dead_deliveries', [
    40,
    id(11),
    id(23),
    id(3),
    'token.created',
    'token',
    id(21),
    22,
    '{}',
    9,
    'failed',
    24,
  ])
  insert('idempotency_claims', [hash(7), id(3), hash(8), id(24), 25, null, null])
  insert('idempotency_claims', [hash(9), id(3), hash(8), id(25), 25, 200, JSON.stringify({ text: tricky })])
  for (let seq = 3; seq <= 9; seq++) insert('audit_entries', [seq, `[${seq},"${tricky}"]`, hash(seq), 0])
  insert(
    'audit_checkpoints',
    [1, 2, hash(2), 26, id(26), hash(1), 0],
    [5, 8, hash(8), 27, id(26), hash(2), 0],
  )
  insert('audit_anchors', [0, 2, hash(2), 28])
  insert('audit_shipments', ['file:/a', 0, 7, 29])
  database.exec("update sqlite_sequence set seq = 77 where name = 'deliveries'")
  database.exec('commit')
}

/** A token of the sample vault with a fingerprint of its own; `no` makes both. */
export const addToken = (database: Database, no: number): void => {
  database
    .prepare('insert into fingerprints (no, id, scope_id, hash, key_version) values (?1, ?2, ?3, ?4, 1)')
    .run(no * 2, id(1_000_000 + no), id(1), hash(no))
  database
    .prepare(
      `insert into tokens (id, scope_id, tenant_id, fingerprint_no, version, status, is_test, is_unique, scheme, bin, last4,
         number_length, sealed, created_at, updated_at, expires_at, type, invalidated_at)
       values (?1, ?2, ?3, ?4, 1, 'active', 0, 1, 'visa', '400000', '0002', 16, ?5, ?6, ?6, ?7, 'card', null)`,
    )
    .run(
      tokenIdOf(no),
      id(1),
      id(3),
      no * 2,
      Buffer.alloc(90, no),
      1_000 + no,
      no % 3 === 0 ? 5_000 + no : null,
    )
}

/** Bytes that are in no order, as those of a random id. */
export const tokenIdOf = (no: number): Buffer =>
  Buffer.from(
    `${((no * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}${id(no).toString('hex').slice(8)}`,
    'hex',
  )
