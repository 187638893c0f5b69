import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { emptyHead, linkEntry } from '../../audit/chain.ts'
import { readMaterial } from '../../audit/material.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { createAuditSigner } from '../../keys/audit-signer.ts'
import { type Migration, readMigrations } from '../sql/migrations.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { usualPatience } from './patience.ts'
import { dumpFreshSchema } from './schema.ts'
import { openSqliteStore } from './store.ts'

const freshFile = (): string => join(makeWorkspace().path, 'cardkeep.db')

const inDatabase = async <T>(file: string, action: (database: Database) => T | Promise<T>): Promise<T> => {
  const database = openDatabase(file)
  try {
    return await action(database)
  } finally {
    database.close()
  }
}

describe('migrations', () => {
  const first: Migration = {
    number: 1,
    name: '0001-a.sql',
    text: 'create table a (id integer)',
    checksum: 'one',
    needs: undefined,
  }
  const second: Migration = {
    number: 2,
    name: '0002-b.sql',
    text: 'create table b (id integer)',
    checksum: 'two',
    needs: undefined,
  }
  const run = (file: string, known: readonly Migration[]): Promise<void> =>
    inDatabase(file, (database) => migrate(database, known, usualPatience))
  const versions = (file: string): Promise<readonly unknown[]> =>
    inDatabase(file, (database) =>
      database
        .prepare('select number, name, checksum from schema_version')
        .all()
        .map((row) => ({ ...row })),
    )

  test('are applied once each, in order, and written down', async () => {
    const file = freshFile()
    await run(file, [first])
    await run(file, [first, second])
    await run(file, [first, second])
    expect(await versions(file)).toEqual([
      { number: 1, name: '0001-a.sql', checksum: 'one' },
      { number: 2, name: '0002-b.sql', checksum: 'two' },
    ])
  })

  test('refuse a database that is newer, and name both versions', async () => {
    const file = freshFile()
    await run(file, [first, second])
    await expect(run(file, [first])).rejects.toThrow(/schema version 2.*versions up to 1/)
  })

  const keeping: Migration = {
    number: 2,
    name: '0002-b.sql',
    text: 'alter table schema_version add column needs integer not null default 0',
    checksum: 'two',
    needs: 0,
  }
  const expanding: Migration = { ...second, number: 3, name: '0003-c.sql', checksum: 'three', needs: 0 }
  const contracting: Migration = {
    number: 4,
    name: '0004-d.sql',
    text: 'drop table b',
    checksum: 'four',
    needs: 3,
  }

  test('leave a newer database as it is where programs of their version can go on with it', async () => {
    const file = freshFile()
    await run(file, [first, keeping, expanding])
    await run(file, [first, keeping])
    expect(await versions(file)).toHaveLength(3)
    await expect(run(file, [{ ...first, checksum: 'other' }, keeping])).rejects.toThrow('another 0001-a.sql')
    await run(file, [first, keeping, expanding, contracting])
    await run(file, [first, keeping, expanding])
    expect(await versions(file)).toHaveLength(4)
  })

  test('refuse a database that needs a newer program, also when it was expanded since', async () => {
    const file = freshFile()
    const later: Migration = {
      ...expanding,
      number: 5,
      text: 'create table e (id integer)',
      checksum: 'five',
    }
    await run(file, [first, keeping, expanding, contracting, later])
    await expect(run(file, [first, keeping])).rejects.toThrow(
      /schema version 5 and needs .* version 3, .*versions up to 2/,
    )
    await run(file, [first, keeping, expanding])
  })

  test('refuse a database that was made with another text', async () => {
    const file = freshFile()
    await run(file, [first])
    await expect(run(file, [{ ...first, checksum: 'other' }, second])).rejects.toThrow('another 0001-a.sql')
    expect(await versions(file)).toHaveLength(1)
  })

  test('are applied all or none', async () => {
    const file = freshFile()
    const broken: Migration = { ...second, text: 'create table b (id integer); create table a (id integer)' }
    await expect(run(file, [first, broken])).rejects.toThrow('already exists')
    const tables = await inDatabase(file, (database) =>
      database.prepare('select name from sqlite_schema').all(),
    )
    expect(tables).toEqual([])
  })

  test('are numbered from 1 without a gap', () => {
    expect(readMigrations().map(({ number }) => number)).toEqual(
      readMigrations().map((_, index) => index + 1),
    )
  })

  test('are applied once though several open the store at the same time', async () => {
    const file = freshFile()
    await Promise.all(Array.from({ length: 4 }, () => openInThread(file)))
    expect(await versions(file)).toHaveLength(readMigrations().length)
  })
})

/** Opens a store in a thread of its own, as another process would, and closes it. */
const openInThread = async (file: string): Promise<void> => {
  const module = pathToFileURL(join(import.meta.dirname, 'store.ts')).href
  const script = `import(${JSON.stringify(module)}).then(async ({ openSqliteStore }) => {
    const store = await openSqliteStore({ file: ${JSON.stringify(file)} })
    await store.checkWritable()
    await store.close()
  })`
  const [code] = await once(new Worker(script, { eval: true }), 'exit')
  expect(code).toBe(0)
}

describe('the schema', () => {
  test('is the one in schema-snapshot.sql; after a new migration run sql/write-snapshot.ts', async () => {
    const snapshot = join(import.meta.dirname, '..', 'sql', 'schema-snapshot.sql')
    expect(await dumpFreshSchema(freshFile())).toBe(readFileSync(snapshot, 'utf8').replaceAll('\r\n', '\n'))
  })

  test('has these columns and no others: none of them can hold a security code', async () => {
    const file = freshFile()
    await (await openSqliteStore({ file })).close()
    const rows = await inDatabase(file, (database) =>
      database
        .prepare(
          `select tables.name as name, group_concat(columns.name, ' ' order by columns.cid) as columns
           from sqlite_schema as tables, pragma_table_info(tables.name) as columns
           where tables.type = 'table' group by tables.name`,
        )
        .all(),
    )
    expect(Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))).toEqual({
      access_keys: 'id tenant_id public_jwk sealed_private_key created_at retired_at',
      audit_anchors: 'chain seq hash at',
      audit_checkpoints: 'no seq hash at key_id signature chain',
      audit_entries: 'seq text hash chain',
      audit_shipments: 'sink chain seq at',
      bin_sets: 'id state used_at bins',
      bins: 'set_id prefix brand funding segment product issuer country currency',
      capture_keys: 'id tenant_id public_key sealed_private_key created_at retired_at place',
      credentials:
        'id tenant_id dialect permissions hash public_key created_at expires_at revoked_at last_used_at disabled_at ' +
        'user_place',
      cvk_components: 'tenant_id custodian sealed check_a check_b created_at',
      // A CVV is derived from the service code, and this one is sealed.
      cvv_rotations:
        'card_id tenant_id sealed_service_code serial interval_ms next_at last_scheduled_at last_rotated_at due_at ' +
        'claimed_until previous_sealed previous_until version',
      cvv_tries: 'card_id serial wrong recent locked_at version',
      dead_deliveries:
        'no webhook_id event_id tenant_id event subject_type subject_id at data attempts failure dead_at',
      deliveries:
        'no webhook_id event_id tenant_id event subject_type subject_id at data attempts due_at is_first failure',
      destinations:
        'id tenant_id origin path_prefix methods ca client_certificate client_sealed_key allow_private created_at ' +
        'headers',
      fingerprints: 'no id scope_id hash key_version analytics_until',
      idempotency_claims: 'name tenant_id digest claim_id at status body',
      issued_cards:
        'id tenant_id hash account_id customer_id status name printed_name last4 number_hash sealed_number ' +
        'expiry_month expiry_year contactless account_updater transaction_limit metadata created_at updated_at version',
      issuer_bins: 'tenant_id bin created_at',
      issuers:
        'tenant_id event_type grace_ms jitter_ms pci_delay_ms sealed_cvk cvk_check_a cvk_check_b cvk_created_at ' +
        'components_expected created_at',
      key_set: 'id counter sealed_digest',
      keys:
        'id purpose owner_type owner_id environment algorithm version state created_at expires_at check_value ' +
        'wrapped public_key reserved_seals',
      network_tokens: 'id token_id scope_id status sealed created_at updated_at is_settled',
      origins: 'tenant_id origin created_at',
      schema_version: 'number name checksum needs',
      scope_links: 'scope_id tenant_id',
      scopes: 'id environment deduplicates created_at network_token account_reference token_requestor',
      // The engine's own: the last number of each table that uses none twice.
      sqlite_sequence: 'name seq',
      tenants:
        'id name environment default_scope_id policy_hold policy_ttl_ms policy_uses created_at policy_destinations',
      tokens:
        'id scope_id tenant_id fingerprint_no version status is_test is_unique scheme bin last4 number_length ' +
        'sealed created_at updated_at expires_at type invalidated_at ends_with_card',
      trusted_issuers: 'credential_id issuer audience jwks',
      vault_state: 'id sealed write_probes captured_until',
      webhook_events: 'webhook_id event tenant_id',
      webhooks: 'id tenant_id url form allow_private ca sealed_secret created_at failures paused_until',
    })
  })
})

describe('a database of the first version', () => {
  const uuidOf = (text: string): string => text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  const hexOf = (digit: string): string => `${digit.repeat(12)}4${digit.repeat(3)}8${digit.repeat(15)}`
  const [scope, tenant, fingerprint, token, credential, destination] = ['1', '2', '3', '4', '5', '6'].map(
    hexOf,
  )
  const rows = `
    insert into scopes values (x'${scope}', 'test', 1, 10);
    insert into tenants values (x'${tenant}', 'first', 'test', x'${scope}', 1, 60000, 2, 11);
    insert into fingerprints values (7, x'${fingerprint}', x'${scope}', x'${'ab'.repeat(32)}', 1);
    insert into tokens values (x'${token}', x'${scope}', x'${tenant}', 7, 3, 'suspended', 0, 1, 'visa', '400000', '0002',
      16, x'5ea1ed', 12, 13, 14);
    insert into credentials values (x'${credential}', x'${tenant}', 'ozura', '["forward"]', x'cc', null, 15, null, null);
    insert into destinations values (x'${destination}', x'${tenant}', 'https://psp.example', null, '[]', null, null, null,
      0, 16);
    insert into audit_entries values (1, '[]', x'${'cd'.repeat(32)}');`

  test('keeps what it holds, and works', async () => {
    const file = freshFile()
    await inDatabase(file, async (database) => {
      await migrate(database, readMigrations().slice(0, 1), usualPatience)
      database.exec(rows)
    })
    const store = await openSqliteStore({ file })
    const [scopeId, tenantId, tokenId, fingerprintId] = [scope, tenant, token, fingerprint].map((hex) =>
      uuidOf(hex ?? ''),
    )
    const found = await store.tenantNamed('first')
    expect(found).toEqual({
      id: tenantId,
      name: 'first',
      environment: 'test',
      defaultScopeId: scopeId,
      codePolicy: { hold: true, ttlMs: 60_000, uses: 2, destinations: undefined },
      createdAt: 11,
    })
    if (!found) throw new Error('the tenant is there')
    expect((await store.scope(found.defaultScopeId))?.networkTokens).toBeUndefined()
    const hash = Buffer.from('ab'.repeat(32), 'hex')
    const [expired] = await store.expiredTokens(epochMs(14), 10)
    expect(expired).toEqual({
      id: tokenId,
      scopeId,
      tenantId,
      version: 3,
      status: 'suspended',
      test: false,
      unique: true,
      fingerprint: {
        id: fingerprintId,
        scopeId,
        hash: new Uint8Array(hash),
        keyVersion: 1,
        analyticsUntil: undefined,
      },
      type: 'card',
      scheme: 'visa',
      mask: { bin: '400000', last4: '0002', length: 16 },
      sealed: new Uint8Array([0x5e, 0xa1, 0xed]),
      createdAt: 12,
      updatedAt: 13,
      expiresAt: 14,
      endsWithCard: false,
      invalidatedAt: undefined,
    })
    expect(await store.credentials(found.id)).toEqual([
      {
        id: uuidOf(credential ?? ''),
        tenantId,
        dialect: 'ozura',
        permissions: ['forward'],
        hash: new Uint8Array([0xcc]),
        publicKey: undefined,
        createdAt: 15,
        expiresAt: undefined,
        revokedAt: undefined,
        lastUsedAt: undefined,
        disabledAt: undefined,
      },
    ])
    expect((await store.destinations(found.id)).map(({ origin, headers }) => ({ origin, headers }))).toEqual([
      { origin: 'https://psp.example', headers: [] },
    ])
    expect((await store.auditHead()).seq).toBe(1)
    if (!expired) throw new Error('the token is there')
    expect((await store.commit([{ type: 'erase-token', token: expired }])).ok).toBe(true)
    await store.close()
  })
})

describe('a database of the second version', () => {
  const records = createRecords()

  /** Seven entries, of which three were archived, and the sixth says so; signed at the cut and at the last but one. */
  const makeLog = async () => {
    const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
    const entries: StoredAuditEntry[] = []
    for (let seq = 1; seq <= 7; seq++) {
      const cut = entries[2]
      const { entry } = records.audit(
        seq === 6 && cut
          ? { action: 'audit.archived', details: { upTo: 3, hash: Buffer.from(cut.hash).toString('hex') } }
          : {},
      )
      entries.push(linkEntry(entries.at(-1) ?? emptyHead(0), entry))
    }
    const signer = createAuditSigner(fixture.keyring)
    const signed = [3, 6].flatMap((seq) => entries[seq - 1] ?? [])
    const checkpoints = await Promise.all(
      signed.map((entry) => signer.sign({ chain: 0, ...entry }, records.at)),
    )
    const { record } = fixture.keyring.vaultKeys('audit').active ?? {}
    if (!record?.publicKey) throw new Error('the fixture has an audit key')
    return { entries, checkpoints, publicKeys: new Map([[record.id, record.publicKey]]) }
  }

  test('keeps its log, where it was cut, what was signed and what was shipped, and goes on', async () => {
    const file = freshFile()
    const { entries, checkpoints, publicKeys } = await makeLog()
    const [cut] = checkpoints
    if (!cut) throw new Error('two checkpoints')
    await inDatabase(file, async (database) => {
      await migrate(database, readMigrations().slice(0, 2), usualPatience)
      const insert = (table: string, ...values: readonly (string | number | Uint8Array)[]) =>
        database.prepare(`insert into ${table} values (${values.map(() => '?').join(', ')})`).run(...values)
      for (const { seq, text, hash } of entries.slice(3)) insert('audit_entries', seq, text, hash)
      for (const { seq, hash, at, keyId, signature } of checkpoints) {
        const id = Buffer.from(keyId.replaceAll('-', ''), 'hex')
        insert('audit_checkpoints', seq, seq, hash, at, id, signature)
      }
      insert('audit_anchor', 1, cut.seq, cut.hash, 12)
      insert('audit_shipments', 'file:/log', 7, 13)
      insert('audit_shipments', 'file:/log (signatures)', 6, 14)
    })

    const store = await openSqliteStore({ file })
    expect(await store.auditChains()).toEqual([0])
    expect(await store.auditEntries(0, 10)).toMatchObject(
      entries.slice(3).map(({ seq, text }) => ({ seq, text })),
    )
    expect(await store.checkpoints()).toMatchObject(
      checkpoints.map(({ seq, at, keyId }) => ({ chain: 0, seq, at, keyId })),
    )
    expect(await store.auditAnchor()).toEqual({ chain: 0, seq: 3, hash: new Uint8Array(cut.hash), at: 12 })
    expect(await store.auditShipments()).toEqual([
      { sink: 'file:/log', chain: 0, seq: 7, at: 13 },
      { sink: 'file:/log (signatures)', chain: 0, seq: 6, at: 14 },
    ])
    await store.commit([records.audit()])
    const material = await readMaterial(store)
    expect(await verifyAudit({ ...material, publicKeys })).toMatchObject({
      ok: true,
      from: 4,
      entries: 5,
      checkpoints: 2,
      signedUpTo: 6,
    })
    // What is written from here on is kept as before: by place, and cut where it was signed.
    const [, later] = checkpoints
    if (!later) throw new Error('two checkpoints')
    const { chain, seq, hash } = later
    expect(
      (await store.commit([{ type: 'archive-audit', anchor: { chain, seq, hash, at: records.at } }])).ok,
    ).toBe(true)
    expect((await store.auditEntries(0, 10)).map((entry) => entry.seq)).toEqual([7, 8])
    expect(await store.checkpoints()).toHaveLength(1)
    await store.close()
  })
})
