import { testCards } from '@cardkeep/testing/canary/cards'
import { createEgressDouble, reachable } from '@cardkeep/testing/doubles/egress'
import {
  type Bench,
  benchOrigin,
  forward,
  isHeld,
  openBench,
  policy,
  templateOf,
} from '@cardkeep/testing/doubles/forward'
import { callerOf, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { accountOf, cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import { maxRequestBytes } from '../../destinations/destination.ts'
import type { TokenId } from '../../kernel/ids.ts'
import type { Egress } from '../../ports.ts'
import { removeDestination } from '../administration/change-destinations.ts'
import { suspendToken } from '../tokens/suspend-token.ts'
import { tokenizeAccount } from '../tokens/tokenize-account.ts'
import type { DryRun } from './dry-run.ts'
import { dryRunForward } from './dry-run-forward.ts'
import type { ForwardRequest } from './forward-request.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (...parts: Parameters<typeof openBench>): Promise<Bench> => {
  const bench = await openBench(...parts)
  opened.push(bench.vault)
  return bench
}

const dryRun = async (
  { vault, tenant, command }: Bench,
  parts: Partial<ForwardRequest> = {},
  egress: Egress = createEgressDouble(),
): Promise<DryRun> => {
  const ran = await dryRunForward({ ...vault, egress }, callerOf(tenant), { ...command, ...parts })
  if (!ran.ok) throw new Error(`refused: ${ran.error.type}`)
  return ran.value
}

const everything = templateOf('${number}|${cvv}|${month}|${year}|${first}')
const holder = { firstName: 'Zoë', lastName: undefined }
const header = { name: 'authorization', sealedValue: new Uint8Array([1]) }

test('a dry run shows the request as it would go, with nothing that may not be shown', async () => {
  const bench = await open({ card: cardOf(testCards.visa, holder) }, { headers: [header] })
  const ran = await dryRun(bench, { template: everything, headers: { 'X-Key': 'k' } })
  expect(ran).toEqual({
    passes: true,
    request: {
      method: 'POST',
      url: `${benchOrigin}/v1/charges?x=1`,
      headers: {
        'X-Key': 'k',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        authorization: '[added by the vault]',
      },
      body: '{"card":"411111******1111|***|12|2030|***"}',
    },
    placeholders: [
      { value: 'card number', form: 'given', resolves: 'yes' },
      { value: 'code', form: 'given', resolves: 'not looked up' },
      { value: 'expiry month', form: 'given', resolves: 'yes' },
      { value: 'expiry year', form: 'int', resolves: 'yes' },
      { value: 'first name', form: 'given', resolves: 'yes' },
    ],
    verdicts: {
      token: { passes: true, says: 'usable' },
      destination: {
        passes: true,
        says: 'allowed',
        rule: { id: bench.destinationId, origin: benchOrigin, pathPrefix: '/v1', methods: ['POST', 'GET'] },
      },
      headers: { passes: true, says: 'allowed', header: undefined },
      address: { passes: true, says: 'allowed', addresses: ['192.0.2.7'] },
      tls: { passes: true, says: 'trusted', protocol: 'TLSv1.3' },
      policy: { passes: true, says: 'allowed' },
      code: { passes: true, says: 'not looked up', address: 'session' },
      body: { passes: true, says: 'fits', bytes: 43 },
    },
  })
})

test('an account is shown by its last digits, and its bank as it is', async () => {
  const bench = await open()
  const made = await tokenizeAccount(bench.vault, callerOf(bench.tenant), {
    account: accountOf('000123456789'),
  })
  const tokenId = (made.ok && made.value.token.id) as TokenId
  const ran = await dryRun(bench, { tokenId, template: templateOf('${account}/${routing}') })
  expect(ran.request.body).toBe('{"card":"********6789/110000000"}')
  expect(ran.passes).toBe(true)
})

describe('nothing happens in a dry run', () => {
  test('but an entry in the audit log: nothing is sent, and the code is neither taken nor looked for', async () => {
    const bench = await open()
    const { vault, tenant, tokenId, destinationId } = bench
    const { seq } = await vault.store.auditHead()
    const egress = createEgressDouble()
    const codes = new Proxy(vault.codes, {
      get: () => {
        throw new Error('a dry run went to the codes')
      },
    })
    const ran = await dryRun({ ...bench, vault: { ...vault, codes } }, {}, egress)
    expect(ran.passes).toBe(true)
    expect(egress.sent).toEqual([])
    const entries = await vault.store.auditEntries(seq, 10)
    expect(entries.map(({ text }) => (JSON.parse(text) as unknown[]).slice(2))).toEqual([
      [
        'card.forward.dry-run',
        'success',
        tenant.id,
        ['credential', callerOf(tenant).principal.credentialId],
        '192.0.2.1',
        callerOf(tenant).requestId,
        ['token', tokenId],
        { method: 'POST', passes: true, destination: destinationId, origin: benchOrigin },
      ],
    ])
    expect(await isHeld(bench)).toBe(true)
  })

  test('and the forward that comes after it goes through', async () => {
    const bench = await open()
    await dryRun(bench)
    expect((await forward(bench)).ok).toBe(true)
  })
})

/** What stands in the way, by name. */
const bad = ({ verdicts }: DryRun): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(verdicts).flatMap(([about, { passes, says }]) => (passes ? [] : [[about, says]])),
  )

describe('a verdict that is bad leaves the others as they are', () => {
  test('of a token that there is not, whose values are not known', async () => {
    const bench = await open()
    const ran = await dryRun(bench, { tokenId: '00000000-0000-4000-8000-0000deadbeef' as TokenId })
    expect(ran.passes).toBe(false)
    expect(bad(ran)).toEqual({ token: 'not found', body: 'not rendered' })
    expect(ran.request.body).toBeUndefined()
    expect(ran.placeholders.map(({ resolves }) => resolves)).toEqual(['no', 'no'])
  })

  test('of a token that is suspended, which looks as if there were none', async () => {
    const bench = await open()
    await suspendToken(bench.vault, callerOf(bench.tenant), bench.tokenId)
    expect(bad(await dryRun(bench))).toEqual({ token: 'not found', body: 'not rendered' })
  })

  test('of a value that the token does not have', async () => {
    const bench = await open()
    const ran = await dryRun(bench, { template: templateOf('${number}${routing}${first}') })
    expect(bad(ran)).toEqual({ token: 'lacks a value', body: 'not rendered' })
    expect(ran.placeholders.map(({ value, resolves }) => `${value}: ${resolves}`)).toEqual([
      'card number: yes',
      'routing number: no',
      'first name: no',
    ])
  })

  test('of a destination, to which no connection is opened', async () => {
    const bench = await open()
    const egress: Egress = {
      ...createEgressDouble(),
      probe: () => Promise.reject(new Error('probed')),
    }
    const ran = await dryRun(bench, { url: 'https://evil.example/v1' }, egress)
    expect(bad(ran)).toEqual({
      destination: 'not allowed',
      headers: 'not judged',
      address: 'not tried',
      tls: 'not tried',
      policy: 'not judged',
    })
    expect(ran.request.body).toBe('{"card":"411111******1111:***"}')
  })

  test('of a header, and the vault keeps its own', async () => {
    const bench = await open({}, { headers: [header] })
    const ran = await dryRun(bench, { headers: { AUTHORIZATION: 'Bearer stolen', 'x-a': '1' } })
    expect(bad(ran)).toEqual({ headers: 'not allowed' })
    expect(ran.verdicts.headers.header).toBe('AUTHORIZATION')
    expect(ran.request.headers).toEqual({
      'x-a': '1',
      'content-type': 'application/json',
      authorization: '[added by the vault]',
    })
  })

  test('of an address or of TLS', async () => {
    const bench = await open()
    const refused = createEgressDouble(undefined, {
      addresses: ['169.254.169.254'],
      address: 'refused',
      tls: 'not tried',
      protocol: undefined,
    })
    expect(bad(await dryRun(bench, {}, refused))).toEqual({ address: 'refused', tls: 'not tried' })
    const untrusted = createEgressDouble(undefined, { ...reachable, tls: 'failed', protocol: undefined })
    expect(bad(await dryRun(bench, {}, untrusted))).toEqual({ tls: 'failed' })
    const plain = createEgressDouble(undefined, { ...reachable, tls: 'none', protocol: undefined })
    expect(bad(await dryRun(bench, {}, plain))).toEqual({})
  })

  test('of a body that is too long', async () => {
    const bench = await open()
    const fits = await dryRun(bench, { template: templateOf('x'.repeat(maxRequestBytes - 11)) })
    expect(fits.verdicts.body).toEqual({ passes: true, says: 'fits', bytes: maxRequestBytes })
    const ran = await dryRun(bench, { template: templateOf('x'.repeat(maxRequestBytes - 10)) })
    expect(bad(ran)).toEqual({ body: 'too large' })
  })

  test('is written down', async () => {
    const bench = await open()
    await removeDestination(bench.vault, testOperator, bench.tenant, bench.destinationId)
    await dryRun(bench)
    const { seq } = await bench.vault.store.auditHead()
    const [entry] = await bench.vault.store.auditEntries(seq - 1, 1)
    const [, , , , , , , , , details] = JSON.parse(entry?.text ?? '[]') as unknown[]
    expect(details).toEqual({
      method: 'POST',
      passes: false,
      destinationVerdict: 'not allowed',
      headersVerdict: 'not judged',
      addressVerdict: 'not tried',
      tlsVerdict: 'not tried',
      policyVerdict: 'not judged',
    })
  })
})

describe("the tenant's policy says whether a code may go there", () => {
  const withPolicy = (bench: Bench, codePolicy: Bench['tenant']['codePolicy']): Bench => ({
    ...bench,
    tenant: { ...bench.tenant, codePolicy },
  })
  test.each([
    ['where it names nothing', policy, 'allowed'],
    ['where it names the origin', { ...policy, destinations: [benchOrigin] }, 'allowed'],
    ['where it names others', { ...policy, destinations: ['https://a.example'] }, 'not to this destination'],
    ['where it holds no codes', { ...policy, hold: false }, 'codes are not held'],
  ] as const)('%s', async (_, codePolicy, says) => {
    const bench = withPolicy(await open(), codePolicy)
    expect((await dryRun(bench)).verdicts.policy).toEqual({ passes: says === 'allowed', says })
    expect((await dryRun(bench, { template: templateOf('${number}') })).verdicts.policy).toEqual({
      passes: true,
      says: 'no code wanted',
    })
  })

  test('but not of the token of a test endpoint, whose codes have a policy of their own', async () => {
    const bench = withPolicy(await open({ test: true }), { ...policy, hold: false })
    expect((await dryRun(bench)).verdicts.policy.says).toBe('allowed')
  })
})

test.each([
  ['named by its session', {}, 'session'],
  ['looked for by its token', { sessionId: undefined }, 'token'],
  ['not wanted', { template: templateOf('${number}') }, undefined],
] as const)('a code that is %s says so', async (_, parts, address) => {
  const ran = await dryRun(await open(), parts)
  expect(ran.verdicts.code).toEqual({
    passes: true,
    says: address ? 'not looked up' : 'no code wanted',
    address,
  })
})

test('a request without a body shows none', async () => {
  const ran = await dryRun(await open(), { method: 'GET', template: templateOf('') })
  expect(ran.verdicts.body).toEqual({ passes: true, says: 'none', bytes: undefined })
  expect(ran.request).toMatchObject({ method: 'GET', body: undefined, headers: { 'x-key': 'k' } })
  expect(ran.request.headers).not.toHaveProperty('content-type')
})

test('the URL and the headers are told as they would go, and where they would not, as they came', async () => {
  const bench = await open()
  const given = { url: `${benchOrigin}/v1/./x/../charges?a=ü`, headers: { 'Accept-Encoding': 'gzip' } }
  expect((await dryRun(bench, given)).request).toMatchObject({
    url: `${benchOrigin}/v1/charges?a=%C3%BC`,
    headers: { 'accept-encoding': 'identity' },
  })
  const refused = { url: 'https://psp.invalid/./x', headers: { 'Accept-Encoding': 'gzip' } }
  expect((await dryRun(bench, refused)).request).toMatchObject(refused)
})
