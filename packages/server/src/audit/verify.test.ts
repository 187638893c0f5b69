import { generateKeyPairSync, sign } from 'node:crypto'
import type { AuditEntry } from '@cardkeep/core/audit/entry'
import { writeEntry } from '@cardkeep/core/audit/entry'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { KeyId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createAuditSigner } from '../keys/audit-signer.ts'
import { chainHash, emptyHead } from './chain.ts'
import { verifyAudit } from './verify.ts'
import type { LogStart } from './verify-chain.ts'

interface Log {
  readonly start?: LogStart
  readonly entries: readonly StoredAuditEntry[]
  readonly checkpoints: readonly AuditCheckpoint[]
  readonly publicKeys: ReadonlyMap<string, Uint8Array>
}

const entryAt = (seq: number, note = ''): AuditEntry => ({
  at: epochMs(1_000 + seq),
  action: 'token.created',
  outcome: 'success',
  tenantId: undefined,
  actor: { type: 'vault', id: undefined },
  origin: undefined,
  requestId: undefined,
  subject: undefined,
  details: { note },
})

/** Texts chained from the start, or from after `before`. */
const chain = (
  texts: readonly string[],
  before: readonly StoredAuditEntry[] = [],
): readonly StoredAuditEntry[] =>
  texts.reduce<readonly StoredAuditEntry[]>((entries, text) => {
    const last = entries.at(-1)
    return [
      ...entries,
      { seq: (last?.seq ?? 0) + 1, text, hash: chainHash(last?.hash ?? emptyHead(0).hash, text) },
    ]
  }, before)

const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
const signer = createAuditSigner(fixture.keyring)
const auditKey = fixture.keyring.vaultKeys('audit').active?.record
const publicKey = auditKey?.publicKey
if (!auditKey || !publicKey) throw new Error('the fixture has no audit key')
const publicKeys = new Map<string, Uint8Array>([[auditKey.id, publicKey]])

const signAt = (entries: readonly StoredAuditEntry[], seq: number): Promise<AuditCheckpoint> => {
  const entry = entries[seq - 1]
  if (!entry) throw new Error(`there is no entry ${seq}`)
  return signer.sign({ chain: 0, seq, hash: entry.hash }, epochMs(9_000))
}

/** Ten entries, signed at the third, the sixth and the eighth. */
const entries = chain(Array.from({ length: 10 }, (_, at) => writeEntry(at + 1, entryAt(at + 1))))
const checkpoints = await Promise.all([3, 6, 8].map((seq) => signAt(entries, seq)))
const log: Log = { entries, checkpoints, publicKeys }

const verify = (parts: Partial<Log> = {}) => {
  const { start, entries: listed, checkpoints: signed, publicKeys: known } = { ...log, ...parts }
  return verifyAudit({
    publicKeys: known,
    isThere: async (chain) => chain === 0,
    chains: [
      {
        chain: 0,
        start,
        readCheckpoints: async () => signed,
        entries: (async function* () {
          yield* listed
        })(),
        mustBeNamed: true,
      },
    ],
  })
}

const problemOf = async (parts: Partial<Log>): Promise<string | undefined> => (await verify(parts)).problem

const replaceAt = <T>(list: readonly T[], at: number, change: (value: T) => T): readonly T[] =>
  list.map((value, index) => (index === at ? change(value) : value))

const withEntry = (seq: number, change: (entry: StoredAuditEntry) => StoredAuditEntry): Partial<Log> => ({
  entries: replaceAt(entries, seq - 1, change),
})

const withCheckpoint = (at: number, parts: Partial<AuditCheckpoint>): Partial<Log> => ({
  checkpoints: replaceAt(checkpoints, at, (checkpoint) => ({ ...checkpoint, ...parts })),
})

const flipBit = (bytes: Uint8Array, at = 0): Uint8Array => {
  const flipped = Uint8Array.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ 1
  return flipped
}

const everySeq = entries.map(({ seq }) => seq)

test('a log that nobody touched holds, and it is said how far it is signed', async () => {
  expect(await verify()).toEqual({
    ok: true,
    entries: 10,
    from: 1,
    checkpoints: 3,
    signedUpTo: 8,
    problem: undefined,
    chains: [{ chain: 0, entries: 10, from: 1, checkpoints: 3, signedUpTo: 8 }],
  })
})

test('an empty log holds and proves nothing', async () => {
  expect(await verify({ entries: [], checkpoints: [] })).toMatchObject({
    ok: true,
    entries: 0,
    signedUpTo: 0,
  })
})

test('the chain can be checked with nothing but SHA-256', () => {
  // By Python's hashlib, of 32 zero bytes and the text.
  const [first] = chain(['[1,2]'])
  expect(Buffer.from(first?.hash ?? []).toString('hex')).toBe(
    '960f06279f0a7dd1b71e8e0f11c825e1effebfcd6909e0d2f6428fc9027d0278',
  )
})

describe('an entry that was changed is found', () => {
  test.each(everySeq)('at %i, in its text', async (seq) => {
    const changed = withEntry(seq, (entry) => ({ ...entry, text: writeEntry(seq, entryAt(seq, 'other')) }))
    expect(await verify(changed)).toMatchObject({ ok: false, problem: `entry ${seq} was changed` })
  })

  test.each(everySeq)('at %i, in its hash', async (seq) => {
    const changed = withEntry(seq, (entry) => ({ ...entry, hash: flipBit(entry.hash, 31) }))
    expect(await problemOf(changed)).toBe(`entry ${seq} was changed`)
  })

  test.each(everySeq)('at %i, in the place that its text names', async (seq) => {
    const changed = withEntry(seq, (entry) => ({ ...entry, text: writeEntry(seq + 1, entryAt(seq)) }))
    expect(await problemOf(changed)).toBe(`entry ${seq} says it is another`)
  })

  test('with a text that is no entry at all', async () => {
    for (const text of ['', '{', 'null', '{"0":1}', '"1"', '[]', '["1"]'])
      expect(await problemOf(withEntry(1, (entry) => ({ ...entry, text })))).toBe(
        'entry 1 says it is another',
      )
  })

  test('with a hash of its own: the next one does not follow it', async () => {
    const text = writeEntry(4, entryAt(4, 'other'))
    const hash = chainHash(entries[2]?.hash ?? emptyHead(0).hash, text)
    expect(await problemOf(withEntry(4, () => ({ seq: 4, text, hash })))).toBe('entry 5 was changed')
  })

  test.each([
    [1, 3],
    [2, 3],
    [3, 3],
    [4, 6],
    [8, 8],
  ])('at %i, with all hashes after it, by what was signed at %i', async (seq, signedAt) => {
    const texts = entries.map((entry) =>
      entry.seq === seq ? writeEntry(seq, entryAt(seq, 'other')) : entry.text,
    )
    expect(await problemOf({ entries: chain(texts) })).toBe(
      `entry ${signedAt} is not the one that was signed`,
    )
  })
})

test('what comes after the last signature can be rewritten, and the verdict says where that begins', async () => {
  const rewritten = chain([writeEntry(9, entryAt(9, 'other'))], entries.slice(0, 8))
  expect(await verify({ entries: rewritten })).toMatchObject({ ok: true, entries: 9, signedUpTo: 8 })
})

describe('an entry that was taken away is found', () => {
  test.each(everySeq.slice(0, -1))('at %i', async (seq) => {
    expect(await problemOf({ entries: entries.filter((entry) => entry.seq !== seq) })).toBe(
      `entry ${seq} is missing`,
    )
  })

  test.each([
    [7, 8],
    [5, 8],
    [0, 8],
  ])('with all after %i, by what was signed', async (left, signedAt) => {
    expect(await problemOf({ entries: entries.slice(0, left) })).toBe(
      `entries ${left + 1} to ${signedAt}, which were signed, are missing`,
    )
  })

  test('with the places after it renumbered', async () => {
    const renumbered = entries.filter(({ seq }) => seq !== 4).map((entry, at) => ({ ...entry, seq: at + 1 }))
    expect(await problemOf({ entries: renumbered })).toBe('entry 4 says it is another')
    const texts = renumbered.map(({ seq, text }) =>
      writeEntry(seq, entryAt((JSON.parse(text) as [number])[0])),
    )
    expect(await problemOf({ entries: chain(texts) })).toBe('entry 6 is not the one that was signed')
  })
})

test('entries that changed places or stand twice are found', async () => {
  const [first, second, ...rest] = entries
  if (!first || !second) throw new Error('too few entries')
  expect(await problemOf({ entries: [second, first, ...rest] })).toBe('entry 1 is missing')
  expect(await problemOf({ entries: [first, first, second, ...rest] })).toBe('entry 2 is missing')
  expect(await problemOf({ entries: [{ ...second, seq: 1 }, { ...first, seq: 2 }, ...rest] })).toBe(
    'entry 1 says it is another',
  )
})

describe('a checkpoint that does not hold is found', () => {
  const doesNotHold = 'the signature at 6 does not hold'
  const others = generateKeyPairSync('ed25519')
  const other = { id: 'other' as KeyId, spki: others.publicKey.export({ format: 'der', type: 'spki' }) }

  test('with another signature', async () => {
    for (const at of [0, 31, 32, 63])
      expect(
        await problemOf(
          withCheckpoint(1, { signature: flipBit(checkpoints[1]?.signature ?? new Uint8Array(), at) }),
        ),
      ).toBe(doesNotHold)
    for (const signature of [
      new Uint8Array(),
      new Uint8Array(64),
      checkpoints[0]?.signature ?? new Uint8Array(),
    ])
      expect(await problemOf(withCheckpoint(1, { signature }))).toBe(doesNotHold)
  })

  test('with another time', async () => {
    expect(await problemOf(withCheckpoint(1, { at: epochMs(9_001) }))).toBe(doesNotHold)
  })

  test('with another hash', async () => {
    const hash = flipBit(checkpoints[1]?.hash ?? new Uint8Array(32))
    expect(await problemOf(withCheckpoint(1, { hash }))).toBe('entry 6 is not the one that was signed')
  })

  test('moved to another place', async () => {
    expect(await problemOf(withCheckpoint(1, { seq: 5 }))).toBe('entry 5 is not the one that was signed')
    const hash = entries[4]?.hash ?? new Uint8Array()
    expect(await problemOf(withCheckpoint(1, { seq: 5, hash }))).toBe('the signature at 5 does not hold')
  })

  test('of a key that nobody knows', async () => {
    const unknown = 'the checkpoint at 6 names a key that is not known'
    expect(await problemOf(withCheckpoint(1, { keyId: other.id }))).toBe(unknown)
    expect(await problemOf({ publicKeys: new Map() })).toBe(
      'the checkpoint at 3 names a key that is not known',
    )
  })

  test('forged with a key of another, under the name of ours or of its own', async () => {
    const texts = entries.map(({ seq }) => writeEntry(seq, entryAt(seq, 'other')))
    const forged = chain(texts)
    const hash = forged[7]?.hash ?? new Uint8Array()
    const text = JSON.stringify(['cardkeep-audit-checkpoint', 8, Buffer.from(hash).toString('hex'), 9_000])
    const signature = sign(null, Buffer.from(text), others.privateKey)
    const checkpoint: AuditCheckpoint = {
      chain: 0,
      seq: 8,
      hash,
      at: epochMs(9_000),
      keyId: auditKey.id,
      signature,
    }
    expect(await problemOf({ entries: forged, checkpoints: [checkpoint] })).toBe(
      'the signature at 8 does not hold',
    )
    expect(await problemOf({ entries: forged, checkpoints: [{ ...checkpoint, keyId: other.id }] })).toBe(
      'the checkpoint at 8 names a key that is not known',
    )
    // Only whoever believes the forger's key believes the forger's log.
    const believed = {
      entries: forged,
      checkpoints: [checkpoint],
      publicKeys: new Map([[auditKey.id, other.spki]]),
    }
    expect(await verify(believed)).toMatchObject({ ok: true, signedUpTo: 8 })
  })

  test('of a key of another kind', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const spki = rsa.publicKey.export({ format: 'der', type: 'spki' })
    expect(await problemOf({ publicKeys: new Map([[auditKey.id, spki]]) })).toBe(
      'the signature at 3 does not hold',
    )
  })

  test('beside a good one at the same place, before it or behind it', async () => {
    const [first, second, third] = checkpoints
    if (!first || !second || !third) throw new Error('too few checkpoints')
    const bad = { ...second, at: epochMs(1) }
    expect(await problemOf({ checkpoints: [first, bad, second, third] })).toBe(doesNotHold)
    expect(await problemOf({ checkpoints: [first, second, bad, third] })).toBe(doesNotHold)
    expect(await verify({ checkpoints: [first, second, second, third] })).toMatchObject({
      ok: true,
      checkpoints: 4,
    })
  })

  test.each([0, -1, 2.5])('at %d, where no entry can stand', async (seq) => {
    const [first] = checkpoints
    if (!first) throw new Error('too few checkpoints')
    expect(await problemOf({ checkpoints: [...checkpoints, { ...first, seq }] })).toBe(
      `the checkpoint at ${seq} signs no entry`,
    )
  })
})

test('checkpoints are found in whatever order they come', async () => {
  expect(await verify({ checkpoints: checkpoints.toReversed() })).toMatchObject({ ok: true, signedUpTo: 8 })
})

describe('a log whose beginning was archived', () => {
  const cut = entries[5]
  if (!cut) throw new Error('there is no sixth entry')
  const hash = Buffer.from(cut.hash)
  const start: LogStart = { seq: 6, hash, isArchived: true }
  const announcing = (upTo: number, named: Buffer) =>
    writeEntry(11, {
      ...entryAt(11),
      action: 'audit.archived',
      details: { upTo, hash: named.toString('hex') },
    })
  const rest = (announcement = announcing(6, hash)) => chain([announcement], entries).slice(6)

  test('holds if a signature says where it was cut and an entry that it was', async () => {
    expect(await verify({ start, entries: rest() })).toMatchObject({
      ok: true,
      from: 7,
      entries: 5,
      signedUpTo: 8,
    })
  })

  test('does not hold without the signature', async () => {
    const [, , last] = checkpoints
    if (!last) throw new Error('there is no last checkpoint')
    expect(await problemOf({ start, entries: rest(), checkpoints: [last] })).toBe(
      'no signature says where the log was cut',
    )
  })

  test.each([
    ['no entry', entries.slice(6)],
    ['an entry of another place', rest(announcing(5, hash))],
    ['an entry of another hash', rest(announcing(6, Buffer.from(flipBit(hash))))],
  ])('does not hold where %s says so', async (_, left) => {
    expect(await problemOf({ start, entries: left })).toBe(
      'entries 1 to 6 are missing, and no entry says that they were archived',
    )
  })

  test('does not hold with another hash before it', async () => {
    const wrong = { ...start, hash: flipBit(hash) }
    expect(await verify({ start: wrong, entries: rest() })).toMatchObject({ ok: false })
  })
})
