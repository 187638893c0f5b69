import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { accountOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { defaultPolicies } from '../../codes/policy.ts'
import { UnavailableError } from '../../errors.ts'
import { done, ok, refuse } from '../../kernel/result.ts'
import { Secret } from '../../kernel/secret.ts'
import { refreshCode } from '../sessions/refresh-code.ts'
import { suspendToken } from '../tokens/suspend-token.ts'
import { tokenizeAccount } from '../tokens/tokenize-account.ts'
import { consumeCode, isCodeHeld } from './consume-code.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

/** A token with a code under a session, and one held by the token itself. */
const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const caller = callerOf(tenant)
  const { token } = await addToken(vault, tenant)
  let auditFailures = 0
  const readiness = { isSealed: () => false, auditFailed: () => void auditFailures++ }
  const ports = { ...vault, readiness }
  const code = new Secret('123')
  await refreshCode(ports, caller, { tokenId: token.id, code, policy: defaultPolicies.hellgate })
  return { vault, tenant, caller, token, ports, auditFailures: () => auditFailures }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

const absent = refuse({ type: 'TokenNotFound' })

test('every code of a token is forgotten, the token stays, and that is written down', async () => {
  const { vault, caller, tenant, token, ports } = await open()
  expect(vault.backend.count()).toBe(2)
  expect(await isCodeHeld(vault, caller, token.id)).toEqual(ok(true))
  expect(await consumeCode(ports, caller, token.id)).toEqual(done)
  expect(vault.backend.count()).toBe(0)
  expect(await isCodeHeld(vault, caller, token.id)).toEqual(ok(false))
  expect(await vault.store.token(token.id)).toMatchObject({ status: 'active', version: token.version })
  expect((await lastEntry(vault)).slice(2)).toEqual([
    'code.dropped',
    'success',
    tenant.id,
    ['credential', caller.principal.credentialId],
    caller.origin,
    caller.requestId,
    ['token', token.id],
    { wasHeld: true },
  ])
})

test('it is done also where none was held, and the log says so', async () => {
  const { vault, caller, token, ports } = await open()
  await consumeCode(ports, caller, token.id)
  expect(await consumeCode(ports, caller, token.id)).toEqual(done)
  expect((await lastEntry(vault))[9]).toEqual({ wasHeld: false })
})

test('a code in flight does not come back', async () => {
  const { vault, caller, tenant, token, ports } = await open()
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId: token.id }
  const taker = { place, destination: 'https://psp.example' }
  const address = { type: 'token', tenantId: tenant.id, tokenId: token.id } as const
  const taken = await vault.codes.take(address, taker)
  await consumeCode(ports, caller, token.id)
  expect(taken && (await vault.codes.giveBack(taken))).toBe(false)
})

test('what was wanted alongside is committed with it', async () => {
  const { vault, caller, token, ports } = await open()
  const commits: (readonly string[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  const alongside = (): readonly Change[] => [{ type: 'purge-idempotency', before: vault.clock.now() }]
  await consumeCode({ ...ports, store }, caller, token.id, alongside)
  expect(commits).toEqual([['audit code.dropped success', 'purge-idempotency']])
})

test('where what was wanted alongside is in conflict the end of the code is written all the same', async () => {
  const { vault, caller, token, ports } = await open()
  const store = interceptCommits(vault.store, async (changes, commit) =>
    changes.length > 1 ? refuse({ type: 'Conflict', change: 'purge-idempotency' }) : commit(),
  )
  const alongside = (): readonly Change[] => [{ type: 'purge-idempotency', before: vault.clock.now() }]
  expect(await consumeCode({ ...ports, store }, caller, token.id, alongside)).toEqual(done)
  expect((await lastEntry(vault))[2]).toBe('code.dropped')
})

test('a code is gone although its end cannot be written down, and the vault is told', async () => {
  const { vault, caller, token, ports, auditFailures } = await open()
  const store = interceptCommits(vault.store, () => Promise.reject(new UnavailableError('disk full')))
  expect(await consumeCode({ ...ports, store }, caller, token.id)).toEqual(done)
  expect([vault.backend.count(), auditFailures()]).toEqual([0, 1])
})

test('a code that no forward may carry is not told as held', async () => {
  const { vault, caller, token } = await open()
  const codes = { dropToken: async () => false }
  await suspendToken({ ...vault, codes }, testOperator, token.id)
  expect(vault.backend.count()).toBe(2)
  expect(await isCodeHeld(vault, caller, token.id)).toEqual(ok(false))
})

test("a stranger learns nothing of a token's code and ends none, and an account has none", async () => {
  const { vault, caller, token, ports } = await open()
  const stranger = callerOf(await addTenant(vault, 'stranger'))
  expect(await consumeCode(ports, stranger, token.id)).toEqual(absent)
  expect(await isCodeHeld(vault, stranger, token.id)).toEqual(absent)
  expect(vault.backend.count()).toBe(2)
  const made = await tokenizeAccount(vault, caller, { account: accountOf('000123456789') })
  if (!made.ok) throw new Error('no account')
  expect(await isCodeHeld(vault, caller, made.value.token.id)).toEqual(absent)
})
