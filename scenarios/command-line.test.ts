import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { runToEnd } from './support/refused-command.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * What scripts rely on, against a vault that runs: one JSON object on standard output with these fields, and for a
 * failure one line on standard error, nothing on standard output, and an exit code that is not zero.
 */

const scenario = await startScenario()
const { folder, command } = scenario
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

const authority = await makeAuthority('Scenario authority')
const client = await authority.issue({ name: 'client' })
const file = (name: string, content: string): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const caFile = file('ca.pem', authority.caPem)
const certificateFile = file('client.pem', client.certificate)
const keyFile = file('client.key', client.key)
const componentFile = file(
  'component.json',
  '{"cvk_a_component":"0123456789ABCDEF","cvk_b_component":"FEDCBA9876543210"}',
)

interface Tenant {
  readonly tenant_id: string
  readonly token_scope: string
}

test('tenants, credentials, scopes and destinations are made, listed and taken back', async () => {
  const tenant = await command<Tenant & Record<string, unknown>>('tenant', 'create', 'shop', '--dedupe')
  expect(tenant).toEqual({ tenant_id: uuid, name: 'shop', environment: 'test', token_scope: uuid })
  const policy = await command(
    'tenant',
    'policy',
    'set',
    'shop',
    '--hold',
    'on',
    '--ttl',
    '60',
    '--uses',
    '2',
  )
  expect(policy).toEqual({ tenant_id: tenant.tenant_id, hold: 'on', ttl: 60, uses: 2 })
  const { tenants } = await command<{ tenants: Record<string, unknown>[] }>('tenant', 'list')
  expect(tenants.find(({ name }) => name === 'shop')).toEqual({
    tenant_id: tenant.tenant_id,
    name: 'shop',
    environment: 'test',
    token_scope: tenant.token_scope,
    code_policy: 'hold=on ttl=60 uses=2',
  })

  // A tenant goes by its id as well.
  const made = ['credential', 'create', '--tenant', tenant.tenant_id, '--dialect', 'ozura']
  const credential = await command<{ credential_id: string }>(...made, '--permit', 'detokenize')
  expect(credential).toEqual({
    api_key: expect.stringMatching(/^key_test_[a-z2-7]{26}_[a-z2-7]{52}$/),
    pub_key: expect.stringMatching(/^pk_test_[a-z2-7]+$/),
    credential_id: uuid,
    permissions: ['tokenize', 'forward', 'detokenize'],
  })
  const { credential_id: id } = credential
  expect(await command('credential', 'revoke', id)).toEqual({ credential_id: id, revoked: true })
  expect(await command('credential', 'list', '--tenant', 'shop')).toEqual({
    credentials: [
      {
        credential_id: id,
        tenant_id: tenant.tenant_id,
        dialect: 'ozura',
        permissions: ['tokenize', 'forward', 'detokenize'],
        user_id: null,
        issuer: null,
        audience: null,
        created_at: time,
        expires_at: null,
        last_used: null,
        disabled_at: null,
        revoked_at: time,
      },
    ],
  })

  const scope = await command<Tenant>('scope', 'create', '--tenant', 'shop', '--no-dedupe')
  expect(scope).toEqual({ token_scope: uuid, deduplicates: false, environment: 'test' })
  expect(await command('scope', 'create', '--tenant', 'shop')).toMatchObject({ deduplicates: true })
  const { tenant_id: demo } = await command<Tenant>('tenant', 'create', 'second')
  expect(await command('scope', 'link', scope.token_scope, '--tenant', 'second')).toEqual({
    token_scope: scope.token_scope,
    tenant_id: demo,
    linked: true,
  })

  const origin = 'https://provider.invalid'
  const narrow = ['--path', '/v1', '--method', 'POST,PUT', '--ca', caFile, '--private']
  const proof = ['--client-cert', certificateFile, '--client-key', keyFile]
  const allow = ['destination', 'allow', '--tenant', 'shop', '--origin', `${origin}:443/`]
  const destination = await command<{ destination_id: string }>(...allow, ...narrow, ...proof)
  expect(destination).toEqual({ destination_id: uuid, origin, path: '/v1', methods: ['POST', 'PUT'] })
  const { destination_id } = destination
  expect(await command('destination', 'list', '--tenant', 'shop')).toEqual({
    destinations: [
      {
        destination_id,
        origin,
        path: '/v1',
        methods: ['POST', 'PUT'],
        own_ca: true,
        client_certificate: true,
        headers: [],
        private: true,
      },
    ],
  })
  const remove = await command('destination', 'remove', destination_id, '--tenant', 'shop')
  expect(remove).toEqual({ destination_id, removed: true })
  expect(await command('destination', 'list', '--tenant', 'shop')).toEqual({ destinations: [] })
})

test('capture keys are made, listed and retired', async () => {
  const { tenant_id } = await command<Tenant>('tenant', 'create', 'capturing')
  const key = await command<Record<string, string>>('capture-key', 'create', '--tenant', 'capturing')
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  const alias = expect.stringMatching(/^[a-z2-7]{26}$/)
  expect(key).toEqual({
    tenant_id,
    public_key_alias: alias,
    public_key: expect.any(String),
    created_at: time,
  })
  const armored = Buffer.from(key['public_key'] ?? '', 'base64').toString()
  expect(armored).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/)
  const { public_key_alias = '', public_key, created_at } = key
  const listed = { tenant: tenant_id, public_key_alias, public_key, created_at, retired_at: null }
  expect(await command('capture-key', 'list', '--tenant', 'capturing')).toEqual({ capture_keys: [listed] })
  expect(await command('capture-key', 'retire', public_key_alias)).toEqual({
    public_key_alias,
    retired: true,
  })
  expect(await command('capture-key', 'list')).toEqual({ capture_keys: [{ ...listed, retired_at: time }] })
})

test('a tenant is made an issuer, set, listed, and its cards are rotated and foreseen', async () => {
  const { tenant_id } = await command<Tenant>('tenant', 'create', 'bank')
  const ofBank = ['--tenant', 'bank']
  const checks = { a: expect.stringMatching(/^[0-9A-F]{6}$/), b: expect.stringMatching(/^[0-9A-F]{6}$/) }
  expect(await command('issuer', 'enable', ...ofBank, '--generate-cvk', '--grace', '60')).toEqual({
    tenant_id,
    cvk_check_values: checks,
  })
  const settings = {
    event_type: 'rotate_cvv',
    grace_seconds: 60,
    jitter_seconds: 900,
    pci_delay_seconds: 0,
  }
  expect(await command('issuer', 'set', ...ofBank, '--jitter', '900')).toEqual({ tenant_id, ...settings })
  expect(await command('issuer', 'bin', 'add', ...ofBank, '--bin', '400000')).toEqual({
    tenant_id,
    bin: '400000',
  })
  expect(await command('issuer', 'bin', 'list', ...ofBank)).toEqual({
    bins: [{ tenant: tenant_id, bin: '400000', created_at: time }],
  })
  expect(await command('issuer', 'rotate-access-key', ...ofBank)).toEqual({
    ...{ tenant_id, kid: uuid, created_at: time },
  })
  expect(await command('issuer', 'rotate-access-key', ...ofBank, '--now')).toEqual({
    ...{ tenant_id, kid: uuid, created_at: time },
  })
  const credential = ['credential', 'create', ...ofBank, '--dialect', 'pismo']
  expect(await command(...credential)).toEqual({
    client_id: expect.any(String),
    client_secret: expect.any(String),
    credential_id: uuid,
    permissions: ['issue', 'show', 'verify'],
  })
  const { issuers } = await command<{ issuers: Record<string, unknown>[] }>('issuer', 'list')
  expect(issuers.find(({ tenant }) => tenant === tenant_id)).toMatchObject({
    ...settings,
    cvk_check_values: checks,
  })
  expect(await command('issuer', 'rotate-due', '--now', ...ofBank)).toEqual({
    ...{ rotated: 0, overtaken: 0, ended: 0, failed: 0, still_due: 0 },
  })
  const { hours } = await command<{ hours: unknown[] }>('issuer', 'schedule', ...ofBank, '--hours', '6')
  expect(hours).toHaveLength(6)
  for (const hour of hours) expect(hour).toEqual({ at: time, cards: 0 })
})

test('keys are listed and rotated', async () => {
  const { keys } = await command<{ keys: Record<string, unknown>[] }>('keys', 'list')
  expect(keys).not.toHaveLength(0)
  for (const key of keys)
    expect(key).toEqual({
      key_id: uuid,
      purpose: expect.any(String),
      owner: expect.stringMatching(/^(vault|(scope|tenant) [0-9a-f-]{36})$/),
      environment: key['owner'] === 'vault' ? null : 'test',
      algorithm: expect.stringMatching(/^(AES-256-GCM|HMAC-SHA-256|Ed25519)$/),
      version: expect.any(Number),
      state: expect.stringMatching(/^(active|decrypt-only)$/),
      created_at: time,
      expires_at: time,
      check_value: expect.any(String),
      seals: key['algorithm'] === 'AES-256-GCM' ? expect.stringMatching(/^\d+ of \d+$/) : null,
      needs_rotation: false,
    })
  expect(await command('keys', 'rotate', '--purpose', 'audit')).toEqual({ purpose: 'audit', rotated: 1 })
})

test('the audit log is verified and exported, and the machine examined', async () => {
  expect(await command('audit', 'verify')).toEqual({
    ok: true,
    entries: expect.any(Number),
    checkpoints: expect.any(Number),
    from: 1,
    signed_up_to: expect.any(Number),
    signing_keys: expect.any(Array),
    chains: expect.any(Array),
  })
  const out = join(folder, 'export.jsonl')
  expect(await command('audit', 'export', '--out', out)).toEqual({ file: out })
  const lines = await runToEnd(scenario, ['audit', 'export'])
  expect(lines).toMatchObject({ code: 0, stderr: '' })
  for (const line of lines.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type')

  const doctor = await runToEnd(scenario, ['doctor', '--json'])
  const { ok, checks } = JSON.parse(doctor.stdout) as { ok: boolean; checks: { status: string }[] }
  expect(doctor.code).toBe(ok ? 0 : 1)
  expect(checks.every(({ status }) => ['ok', 'warn', 'fail'].includes(status))).toBe(true)
})

describe('what cannot be done is one line on standard error', () => {
  beforeAll(async () => {
    await command('tenant', 'create', 'plain')
    await command('tenant', 'create', 'issuing')
    await command('issuer', 'enable', '--tenant', 'issuing', '--generate-cvk')
  })
  const nobody = '00000000-0000-4000-8000-000000000000'
  test.concurrent.each<readonly [string, readonly string[]]>([
    ['a name that is taken', ['tenant', 'create', 'demo']],
    ['a tenant that there is not', ['credential', 'create', '--tenant', 'nobody', '--dialect', 'ozura']],
    ['a credential that there is not', ['credential', 'revoke', nobody]],
    [
      'a policy beyond the limits',
      ['tenant', 'policy', 'set', 'demo', '--hold', 'on', '--ttl', '86400', '--uses', '1'],
    ],
    ['an origin without TLS', ['destination', 'allow', '--tenant', 'demo', '--origin', 'http://a.invalid']],
    [
      'a key of another certificate',
      [
        'destination',
        'allow',
        '--tenant',
        'demo',
        '--origin',
        'https://a.invalid',
        '--client-cert',
        caFile,
        '--client-key',
        keyFile,
      ],
    ],
    ['a capture key that there is not', ['capture-key', 'retire', 'a'.repeat(26)]],
    ['an issuer that is one', ['issuer', 'enable', '--tenant', 'issuing', '--generate-cvk']],
    ['an issuer without keys', ['issuer', 'enable', '--tenant', 'plain']],
    [
      'a BIN of a tenant that issues nothing',
      ['issuer', 'bin', 'add', '--tenant', 'plain', '--bin', '400000'],
    ],
    ['a BIN that is none', ['issuer', 'bin', 'add', '--tenant', 'issuing', '--bin', '4000']],
    ['a whole number as a BIN', ['issuer', 'bin', 'add', '--tenant', 'issuing', '--bin', testCards.visa]],
    ['a grace of an hour', ['issuer', 'set', '--tenant', 'issuing', '--grace', '3600']],
    [
      'a component for a pair that is there',
      [
        'issuer',
        'cvk',
        'add-component',
        '--tenant',
        'issuing',
        '--cvk',
        componentFile,
        '--custodian',
        'amara',
        '--of',
        '3',
      ],
    ],
    [
      'a component that is none',
      [
        'issuer',
        'cvk',
        'add-component',
        '--tenant',
        'issuing',
        '--cvk',
        caFile,
        '--custodian',
        'amara',
        '--of',
        '3',
      ],
    ],
    ['rotations that are not to be now', ['issuer', 'rotate-due', '--tenant', 'issuing']],
    ['rotations of a tenant that issues nothing', ['issuer', 'rotate-due', '--now', '--tenant', 'plain']],
    ['a calendar of no hours', ['issuer', 'schedule', '--hours', '0']],
    [
      'a set of keys without who signs',
      ['credential', 'create', '--tenant', 'issuing', '--dialect', 'pismo', '--jwks', caFile],
    ],
    ['a purpose that there is not', ['keys', 'rotate', '--purpose', 'cards']],
    ['an option that is missing', ['keys', 'rotate']],
    ['an option that is misspelt', ['keys', 'rotate', '--purpos', 'card']],
    ['a command that is misspelt', ['tenat', 'create', 'x']],
    ['an export that is none', ['audit', 'verify', '--file', caFile]],
  ])('%s', async (_, words) => {
    const end = await runToEnd(scenario, [...words, '--json'])
    expect(end.stdout).toBe('')
    expect(end.stderr).toMatch(/^(cardkeep|error): [^\n]+\n$/)
    expect(end.stderr).not.toContain('unexpectedly')
    expect(end.stderr.includes(testCards.visa)).toBe(false)
    expect(end.code).toBe(1)
  })
})
