import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TenantId } from '../kernel/ids.ts'
import { epochMs } from '../kernel/time.ts'
import { type AuditEntry, writeEntry } from './entry.ts'

const entry: AuditEntry = {
  at: epochMs(1_767_225_600_000),
  action: 'card.forward',
  outcome: 'intent',
  tenantId: '00000000-0000-4000-8000-000000000001' as TenantId,
  actor: { type: 'credential', id: 'c' },
  origin: '192.0.2.7',
  requestId: 'r',
  subject: { type: 'token', id: 't' },
  details: { method: 'POST', carriesCode: true, status: 200 },
}

test('an entry is written as one array in a fixed order', () => {
  expect(writeEntry(7, entry)).toBe(
    '[7,1767225600000,"card.forward","intent","00000000-0000-4000-8000-000000000001",["credential","c"],' +
      '"192.0.2.7","r",["token","t"],{"method":"POST","carriesCode":true,"status":200}]',
  )
})

test('what an entry does not have is written as null', () => {
  const bare: AuditEntry = {
    ...entry,
    tenantId: undefined,
    actor: { type: 'vault', id: undefined },
    origin: undefined,
    requestId: undefined,
    subject: undefined,
    details: {},
  }
  expect(writeEntry(1, bare)).toBe(
    '[1,1767225600000,"card.forward","intent",null,["vault",null],null,null,null,{}]',
  )
})

/** Strings that would run into each other if they were only joined or badly quoted. */
const tricky = fc.constantFrom(
  '',
  'a',
  '"',
  '\\',
  '\\"',
  ',',
  'a","b',
  '],[',
  'null',
  '\0',
  '\u2028',
  'é',
  '\ud800',
  '\ufffd',
)

/** Without a backslash at the end: the engine's own `JSON.parse` may take the key `\\"` for a key `\\` that it saw before. */
const trickyKey = tricky.filter((text) => !text.endsWith('\\'))

const plain = { noNullPrototype: true }
const orNothing = fc.option(tricky, { nil: undefined })

const anyEntry: fc.Arbitrary<[number, AuditEntry]> = fc.tuple(
  fc.integer({ min: 1, max: 99 }),
  fc.record(
    {
      at: fc.nat().map(epochMs),
      action: fc.constantFrom('token.created', 'token.updated'),
      outcome: fc.constantFrom('success', 'failure'),
      tenantId: fc.constantFrom(undefined, entry.tenantId),
      actor: fc.record({ type: fc.constantFrom('credential', 'operator'), id: orNothing }, plain),
      origin: orNothing,
      requestId: orNothing,
      subject: fc.option(fc.record({ type: fc.constantFrom('token', 'code'), id: tricky }, plain), {
        nil: undefined,
      }),
      details: fc.dictionary(trickyKey, fc.oneof(tricky, fc.boolean(), fc.nat(2)), { maxKeys: 3, ...plain }),
    },
    plain,
  ),
)

/** What the text says, read by someone who knows only the order. */
const read = (text: string): unknown => {
  const [seq, at, action, outcome, tenantId, actor, origin, requestId, subject, details] = JSON.parse(
    text,
  ) as [
    number,
    number,
    string,
    string,
    string | null,
    [string, string | null],
    string | null,
    string | null,
    [string, string] | null,
    Record<string, unknown>,
  ]
  return [
    seq,
    {
      at,
      action,
      outcome,
      tenantId: tenantId ?? undefined,
      actor: { type: actor[0], id: actor[1] ?? undefined },
      origin: origin ?? undefined,
      requestId: requestId ?? undefined,
      subject: subject ? { type: subject[0], id: subject[1] } : undefined,
      details,
    },
  ]
}

test('the text gives back every part of the entry, so no two entries share one', () => {
  fc.assert(
    fc.property(anyEntry, (numbered) => {
      expect(read(writeEntry(...numbered))).toStrictEqual(numbered)
    }),
    { seed: 1, numRuns: 1_000 },
  )
})

test.each<readonly [string, Partial<AuditEntry>, Partial<AuditEntry>]>([
  [
    'origin and request id changed places',
    { origin: 'x', requestId: undefined },
    { origin: undefined, requestId: 'x' },
  ],
  ['nothing and an empty text', { origin: undefined }, { origin: '' }],
  ['nothing and the word null', { origin: undefined }, { origin: 'null' }],
  ['no subject and an empty one', { subject: undefined }, { subject: { type: 'token', id: '' } }],
  [
    'text that closes its own quotation marks',
    { origin: 'a","b', requestId: 'c' },
    { origin: 'a', requestId: 'b","c' },
  ],
  ['a number and its text', { details: { n: 1 } }, { details: { n: '1' } }],
  ['true and its text', { details: { n: true } }, { details: { n: 'true' } }],
  ['a detail named as another', { details: { 'a":1,"b': 2 } }, { details: { a: 1, b: 2 } }],
])('%s do not share a text', (_, a, b) => {
  expect(writeEntry(1, { ...entry, ...a })).not.toBe(writeEntry(1, { ...entry, ...b }))
})

test('an entry of one place is not that of another', () => {
  expect(writeEntry(1, entry)).not.toBe(writeEntry(11, entry))
  expect(writeEntry(11, { ...entry, at: epochMs(1) })).not.toBe(writeEntry(1, { ...entry, at: epochMs(11) }))
})
