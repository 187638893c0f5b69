import { UnavailableError } from '@cardkeep/core/errors'
import { expect, test } from 'vitest'
import type { Vault } from '../compose/open-vault.ts'
import { examineServers, judgeServer } from './servers.ts'

const facts = {
  version: '15.14',
  major: 15,
  isEncrypted: true,
  turnedOff: [],
  excessRights: [],
  isReadOnly: false,
  connectionsAllowed: 100,
  clockAheadMs: 1_999,
}
const settings = { connections: 10, tls: { caFile: undefined } }

test('a server that is set as it should be is fine in every respect', () => {
  const findings = judgeServer(facts, settings)
  expect(findings.map(({ status }) => status)).toEqual(Array(6).fill('ok'))
  expect(findings[0]).toMatchObject({ detail: 'PostgreSQL 15.14' })
})

test.each([
  ['database server', 'warn', { version: '13.2', major: 13 }, '13.2'],
  [
    'database durability',
    'fail',
    { turnedOff: ['fsync', 'synchronous_commit'] },
    'fsync, synchronous_commit',
  ],
  ['database connection', 'warn', { isEncrypted: false }, 'pooler'],
  ['database user', 'warn', { excessRights: ['superuser'] }, 'superuser'],
  ['database connections', 'warn', { connectionsAllowed: 12 }, 'allows 12'],
  ['clock', 'warn', { clockAheadMs: 300_000 }, '300 seconds ahead of'],
  ['clock', 'warn', { clockAheadMs: -61_000 }, '61 seconds behind'],
])('the %s is told of with %s', (check, status, parts, said) => {
  const findings = judgeServer({ ...facts, ...parts }, settings)
  expect(findings.find((finding) => finding.check === check)).toMatchObject({
    status,
    detail: expect.stringContaining(said),
  })
  expect(findings.filter((finding) => finding.status !== 'ok')).toHaveLength(1)
})

test('a plain connection is fine where the settings allow it', () => {
  const findings = judgeServer({ ...facts, isEncrypted: false }, { ...settings, tls: undefined })
  expect(findings.map(({ status }) => status)).toEqual(Array(6).fill('ok'))
})

const vaultWith = (parts: Partial<Vault>): Vault =>
  ({
    config: { database: { type: 'sqlite' } },
    databaseFacts: undefined,
    sharedCodes: undefined,
    ...parts,
  }) as Vault

test('where neither is on a server nothing is said', async () => {
  expect(await examineServers(vaultWith({}))).toEqual([])
})

test('a server for codes that must not be used fails, with what to set', async () => {
  const sharedCodes = async () => {
    throw new UnavailableError('it writes snapshots to a disk: say CONFIG SET save')
  }
  expect(await examineServers(vaultWith({ sharedCodes }))).toEqual([
    {
      check: 'server for codes',
      status: 'fail',
      detail: 'it writes snapshots to a disk: say CONFIG SET save',
    },
  ])
  const fine = async () => ({}) as Awaited<ReturnType<NonNullable<Vault['sharedCodes']>>>
  expect(await examineServers(vaultWith({ sharedCodes: fine }))).toMatchObject([{ status: 'ok' }])
})
