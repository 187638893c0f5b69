import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { expect, test } from 'vitest'
import { planList } from './plan-list.ts'
import { lockRows } from './rows-first.ts'
import { statementsFor } from './statements.ts'

const records = createRecords()
const tenant = records.tenant()
const print = records.fingerprint(records.scope())
const token = records.token(tenant, print)
const statements = statementsFor('none')

const lockedBy = (...lists: readonly (readonly Change[])[]) =>
  lockRows(
    statements,
    lists.map((changes) => planList(changes).rows),
  ).map(({ statement }) => statement)

const tokenize: readonly Change[] = [
  { type: 'put-fingerprint', fingerprint: print },
  { type: 'put-token', token },
  { type: 'emit-event', event: records.event(tenant) },
  records.audit(),
]
const charge: readonly Change[] = [{ type: 'expect-token', token }, records.audit()]
const suspend: readonly Change[] = [{ type: 'replace-token', token }, records.audit()]

test('what comes with every request sends nothing ahead, however many lists are written together', () => {
  expect(lockedBy(tokenize, tokenize, charge, suspend)).toEqual([])
})

test('one list with several rows has those of all lists beside it locked ahead', () => {
  const promising: readonly Change[] = [
    { type: 'keep-fingerprint', fingerprint: print, until: epochMs(1) },
    { type: 'replace-token', token },
  ]
  expect(lockedBy(tokenize, promising)).toEqual([statements.lockTokens, statements.lockFingerprints])
})
