import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { Change } from '@cardkeep/core/changes'
import { dayMs, epochMs } from '@cardkeep/core/kernel/time'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { type AuditLog, type AuditNode, createAuditLog } from '@cardkeep/testing/doubles/audit-log'
import { testOperator } from '@cardkeep/testing/doubles/vault'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { beforeEach, describe, expect, test } from 'vitest'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { createAuditSigner } from '../keys/audit-signer.ts'
import { archiveAudit, findCuts } from './archive.ts'
import { emptyHead, linkEntry } from './chain.ts'
import { findApart } from './common-ground.ts'
import { exportLines } from './export-file.ts'
import { readMaterial } from './material.ts'
import { readExport } from './read-export.ts'
import { verifyAudit } from './verify.ts'

const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
const signer = createAuditSigner(fixture.keyring)

/** Commands write to the main chain, and each of two nodes to one of its own. */
let clock: ReturnType<typeof createFixedClock>
let log: AuditLog
let main: AuditNode
let nodes: readonly [AuditNode, AuditNode]
beforeEach(() => {
  clock = createFixedClock()
  log = createAuditLog(() => fixture.store.rows.records)
  main = log.openNode()
  nodes = [log.openNode(1), log.openNode(2)]
})

const note = (text: string): Extract<Change, { type: 'audit' }> => ({
  type: 'audit',
  entry: {
    at: clock.now(),
    action: 'token.created',
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'vault', id: undefined },
    origin: undefined,
    requestId: undefined,
    subject: undefined,
    details: { note: text },
  },
})

/** Three entries of the first node, two of the second, beside the two of the main chain that name theirs. */
const write = async (): Promise<void> => {
  await nodes[0].commit([note('one'), note('two'), note('three')])
  await nodes[1].commit([note('four'), note('five')])
}
const sign = (): Promise<void> => checkpointAudit(main, signer, clock)
const verify = async () => verifyAudit(await readMaterial(main))
const problem = async (): Promise<string | undefined> => (await verify()).problem

const takeAway = (chain: AuditChain): void => {
  log.rows.entries.delete(chain)
  log.rows.checkpoints = log.rows.checkpoints.filter((checkpoint) => checkpoint.chain !== chain)
}

const saveLines = (lines: readonly string[]): string => {
  const path = join(makeWorkspace().path, 'audit.jsonl')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}
const exported = (): Promise<string[]> => Array.fromAsync(exportLines(main))
const verifyLines = async (lines: readonly string[]) => verifyAudit(await readExport(saveLines(lines)))
const chainIn = (line: string): AuditChain => (JSON.parse(line) as { chain?: number }).chain ?? mainChain

describe('a log of several chains', () => {
  test('is gone through in one pass, and what is counted is of all together', async () => {
    await write()
    await sign()
    await nodes[0].commit([note('not signed yet')])
    expect(await verify()).toEqual({
      ok: true,
      entries: 8,
      from: 1,
      checkpoints: 3,
      signedUpTo: 7,
      problem: undefined,
      chains: [
        { chain: 0, entries: 2, from: 1, checkpoints: 1, signedUpTo: 2 },
        { chain: 1, entries: 4, from: 1, checkpoints: 1, signedUpTo: 3 },
        { chain: 2, entries: 2, from: 1, checkpoints: 1, signedUpTo: 2 },
      ],
    })
  })

  test('does not hold without a chain that the main one names', async () => {
    await write()
    await sign()
    takeAway(1)
    expect(await problem()).toBe('chain 1, which the main chain names, is missing')
  })

  test('does not hold with a chain that the main one does not name', async () => {
    await write()
    log.rows.entries.set(9, [linkEntry(emptyHead(9), note('slipped in').entry)])
    await sign()
    expect(await problem()).toBe('chain 9 is there, and the main chain does not name it')
  })

  test('says in which chain something is wrong', async () => {
    await write()
    const [first, ...rest] = log.rows.entries.get(2) ?? []
    if (!first) throw new Error('an entry')
    log.rows.entries.set(2, [{ ...first, text: first.text.replace('four', 'forged') }, ...rest])
    expect(await problem()).toBe('chain 2: entry 1 was changed')
  })

  test('does not hold with what was written to another chain, also where nothing is signed', async () => {
    await write()
    const [one = [], two = []] = [log.rows.entries.get(1), log.rows.entries.get(2)]
    log.rows.entries.set(1, two).set(2, one)
    expect(await problem()).toBe('chain 1: entry 1 was changed')
  })

  test('does not hold with the end of a chain cut off that was signed', async () => {
    await write()
    await sign()
    log.rows.entries.set(1, (log.rows.entries.get(1) ?? []).slice(0, 1))
    expect(await problem()).toBe('chain 1: entries 2 to 3, which were signed, are missing')
  })

  test('holds where a chain begins while it is gone through', async () => {
    await write()
    let isFirst = true
    const busy: AuditNode = {
      ...main,
      auditEntries: async (after, limit, chain) => {
        if (isFirst) await log.openNode(3).commit([note('new')])
        isFirst = false
        return main.auditEntries(after, limit, chain)
      },
    }
    expect(await verifyAudit(await readMaterial(busy))).toMatchObject({ ok: true, entries: 8 })
    expect(await verify()).toMatchObject({ ok: true, entries: 9 })
  })

  test('shows what was signed elsewhere and is gone, also if nothing names it any more', async () => {
    await write()
    await sign()
    const earlier = log.rows.checkpoints
    // Whoever has the database cuts both off, entries and signatures, to before the second chain began.
    takeAway(2)
    log.rows.entries.set(0, (log.rows.entries.get(0) ?? []).slice(0, 1))
    log.rows.checkpoints = log.rows.checkpoints.filter(({ chain }) => chain !== 0)
    expect(await problem()).toBeUndefined()
    const against = (chain: AuditChain) => earlier.filter((checkpoint) => checkpoint.chain === chain)
    const held = async (chain: AuditChain) =>
      (await verifyAudit(await readMaterial(main), against(chain))).problem
    expect(await held(0)).toBe('entries 2 to 2, which were signed, are missing')
    expect(await held(1)).toBeUndefined()
    expect(await held(2)).toBe('chain 2, of which entries were signed, is missing')
  })
})

test('each chain that was signed earlier has to have a signed place in common', async () => {
  await write()
  await sign()
  const earlier = log.rows.checkpoints
  const chains = (await readMaterial(main)).chains
  expect(findApart({ chains }, earlier)).toBeUndefined()
  expect(findApart({ chains }, [])).toBe(mainChain)
  const from = (of: AuditChain, seq: number) =>
    chains.map((each) =>
      each.chain === of ? { ...each, start: { seq, hash: new Uint8Array(32), isArchived: true } } : each,
    )
  expect(findApart({ chains: from(2, 2) }, earlier)).toBeUndefined()
  expect(findApart({ chains: from(2, 3) }, earlier)).toBe(2)
  // One that began since was signed by nobody then.
  expect(
    findApart(
      { chains: from(2, 3) },
      earlier.filter(({ chain }) => chain !== 2),
    ),
  ).toBeUndefined()
})

describe('an export of several chains', () => {
  test('proves itself, and its lines say of which chain they are', async () => {
    await write()
    await sign()
    const lines = await exported()
    expect(lines.map((line) => [(JSON.parse(line) as { type: string }).type, chainIn(line)])).toEqual([
      ...[
        ['audit', 0],
        ['checkpoint', 0],
        ['entry', 0],
        ['entry', 0],
      ],
      ...[
        ['audit', 1],
        ['checkpoint', 1],
        ['entry', 1],
        ['entry', 1],
        ['entry', 1],
      ],
      ...[
        ['audit', 2],
        ['checkpoint', 2],
        ['entry', 2],
        ['entry', 2],
      ],
    ])
    // What is of the main chain reads as it did when there was no other.
    expect(lines[2]).toMatch(/^\{"type":"entry","seq":1,"text":/)
    expect(lines[1]).toMatch(/^\{"type":"checkpoint","seq":2,"hash":/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'audit', version: 1, chains: [1, 2] })
    expect(await verifyLines(lines)).toEqual(await verify())
  })

  test('does not hold without one of them', async () => {
    await write()
    await sign()
    const lines = (await exported()).filter((line) => chainIn(line) !== 2)
    expect(await verifyLines(lines)).toMatchObject({
      ok: false,
      problem: 'chain 2, which the main chain names, is missing',
    })
  })

  test('does not hold with one more that it claims for its own', async () => {
    await write()
    await sign()
    const lines = await exported()
    const [head = ''] = lines
    const forged = [
      head.replace('"chains":[1,2]', '"chains":[1,2,7]'),
      ...lines.slice(1),
      '{"type":"audit","version":1,"chain":7,"public_keys":[]}',
    ]
    expect(await verifyLines(forged)).toMatchObject({
      ok: false,
      problem: 'chain 7 is there, and the main chain does not name it',
    })
  })

  test.each(['"chain":1', '"chain":2'])('does not hold with lines of %s under another', async (from) => {
    await write()
    await sign()
    const to = from === '"chain":1' ? '"chain":2' : '"chain":1'
    for (const type of ['entry', 'checkpoint']) {
      const lines = (await exported()).map((line) =>
        line.startsWith(`{"type":"${type}"`) ? line.replace(from, to) : line,
      )
      expect((await verifyLines(lines)).ok).toBe(false)
    }
  })

  test('still proves itself where another program wrote its fields in another order, and chains by turns', async () => {
    await write()
    await sign()
    const lines = (await exported()).map((line) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).toReversed())),
    )
    const [head = '', ...rest] = lines
    const byTurns = [0, 1, 2, 3, 4].flatMap((place) =>
      [0, 1, 2].flatMap((chain) => rest.filter((line) => chainIn(line) === chain)[place] ?? []),
    )
    expect(byTurns).toHaveLength(rest.length)
    expect(await verifyLines([head, ...byTurns])).toEqual(await verify())
  })

  test('has a chain that began while it was written', async () => {
    await write()
    let isFirst = true
    const busy: AuditNode = {
      ...main,
      auditEntries: async (after, limit, chain) => {
        if (isFirst) await log.openNode(3).commit([note('new')])
        isFirst = false
        return main.auditEntries(after, limit, chain)
      },
    }
    const lines = await Array.fromAsync(exportLines(busy))
    expect(await verifyLines(lines)).toMatchObject({ ok: true, entries: 9 })
  })
})

describe('an archive of several chains', () => {
  /** So many days, on each of which commands and the first node write, and all is signed. */
  const live = async (days: number): Promise<void> => {
    for (let day = 0; day < days; day++) {
      await main.commit([note(`day ${day}`)])
      await nodes[0].commit([note('a'), note('b')])
      await sign()
      clock.advance(dayMs)
    }
  }
  const archive = async (olderThanDays: number) => {
    const path = join(makeWorkspace().path, 'archive.jsonl')
    const cuts = await findCuts(main, epochMs(clock.now() - olderThanDays * dayMs))
    if (!cuts) throw new Error('nothing is so old')
    const sha256 = await archiveAudit({ store: main, clock }, testOperator, cuts, path)
    if (sha256 === undefined) throw new Error('nothing was archived')
    return { cuts, path }
  }

  test('is one file, cut where each was signed, and both it and the rest prove themselves', async () => {
    await nodes[1].commit([note('once'), note('and no more')])
    await live(5)
    const before = await verify()
    const { cuts, path } = await archive(3)
    // Nobody writes to the second any more, and its last entry stays.
    expect(cuts.map(({ chain, seq }) => [chain, seq])).toEqual([
      [0, 5],
      [1, 6],
    ])
    expect(await verifyAudit(await readExport(path))).toMatchObject({
      ok: true,
      chains: [
        { chain: 0, from: 1, entries: 5, signedUpTo: 5 },
        { chain: 1, from: 1, entries: 6, signedUpTo: 6 },
        // It is named in the main chain, so it is there, and nothing of it is old enough.
        { chain: 2, entries: 0 },
      ],
    })
    await sign()
    const left = await verify()
    expect(left).toMatchObject({
      ok: true,
      chains: [
        { chain: 0, from: 6 },
        { chain: 1, from: 7, entries: 4 },
        { chain: 2, from: 1, entries: 2 },
      ],
    })
    // Three entries say where it was cut, and that the chain that was not is one of the log.
    expect(left.entries).toBe(before.entries - 11 + 3)
    expect(await verifyLines(await exported())).toMatchObject({ ok: true, entries: left.entries })
  })

  test('of an archive takes nothing of what the main chain said of others', async () => {
    await nodes[1].commit([note('once')])
    await live(6)
    await archive(4)
    await live(4)
    const { path, cuts } = await archive(1)
    // The announcements of the first archive are in the second, and the cuts that they spoke of still stand.
    expect(cuts.map(({ chain }) => chain)).toEqual([0, 1])
    expect(await verifyAudit(await readExport(path))).toMatchObject({ ok: true })
    expect(await verify()).toMatchObject({ ok: true })
    takeAway(2)
    expect(await problem()).toBe('chain 2, which the main chain names, is missing')
  })

  test('keeps the cut of a chain that is not cut again', async () => {
    await nodes[1].commit([note('once'), note('twice')])
    await live(3)
    await nodes[1].commit([note('the last')])
    await archive(0)
    expect(await main.auditAnchor(2)).toMatchObject({ chain: 2, seq: 2 })
    await live(3)
    const { cuts } = await archive(1)
    expect(cuts.map(({ chain }) => chain)).toEqual([0, 1])
    expect(await verify()).toMatchObject({ ok: true })
    expect(await verifyLines(await exported())).toMatchObject({ ok: true })
  })

  test('may hold nothing of the main chain, where nothing of it is old enough', async () => {
    await live(2)
    await archive(0)
    await nodes[0].commit([note('after'), note('it')])
    await sign()
    clock.advance(dayMs)
    await nodes[0].commit([note('one stays')])
    // As if commands had written nothing since.
    log.rows.checkpoints = log.rows.checkpoints.filter(({ chain, seq }) => chain !== 0 || seq <= 4)
    const { cuts, path } = await archive(0)
    expect(cuts.map(({ chain }) => chain)).toEqual([1])
    expect(await verifyAudit(await readExport(path))).toMatchObject({
      ok: true,
      from: 3,
      chains: [{ chain: 1, entries: 4 }],
    })
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('does not hold with a chain cut that the main one says nothing of', async () => {
    await live(3)
    const [, cut] = (await findCuts(main, clock.now())) ?? []
    if (!cut) throw new Error('two cuts')
    expect((await main.commit([{ type: 'archive-audit', anchor: cut }])).ok).toBe(true)
    expect(await problem()).toMatch(/^chain 1: entries 1 to \d are missing, and no entry says/)
  })
})
