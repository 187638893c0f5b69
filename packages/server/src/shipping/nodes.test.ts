import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { Change } from '@cardkeep/core/changes'
import { epochMs, secondMs } from '@cardkeep/core/kernel/time'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { type AuditLog, type AuditNode, createAuditLog } from '@cardkeep/testing/doubles/audit-log'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readExport } from '../audit/read-export.ts'
import { verifyAudit } from '../audit/verify.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { createAuditSigner } from '../keys/audit-signer.ts'
import { shipAudit } from './ship-audit.ts'
import { createShipping } from './shipping.ts'
import type { AuditSink } from './sink.ts'

const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
const signer = createAuditSigner(fixture.keyring)

let clock: ReturnType<typeof createFixedClock>
let log: AuditLog
let nodes: readonly [AuditNode, AuditNode]
beforeEach(() => {
  clock = createFixedClock()
  log = createAuditLog(() => fixture.store.rows.records)
  nodes = [log.openNode(1), log.openNode(2)]
})
afterEach(() => {
  vi.useRealTimers()
})

const notes = (count: number): readonly Change[] =>
  Array.from({ length: count }, () => ({
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
      details: {},
    },
  }))

const ship = (node: AuditNode, sink: AuditSink): Promise<boolean> => shipAudit({ store: node, clock }, sink)

/** One place for all nodes. It keeps what it is given, and takes no piece while another is being written. */
const listen = () => {
  const pieces: (readonly string[])[] = []
  let isBusy = false
  let held: Promise<void> = Promise.resolve()
  const sink: AuditSink = {
    name: 'listener',
    write: async (lines) => {
      if (isBusy) throw new Error('two at once')
      isBusy = true
      await nextTurn()
      await held
      pieces.push(lines)
      isBusy = false
    },
    close: async () => {},
  }
  return {
    sink,
    pieces,
    /** The next pieces are slow until the answer is called. */
    holdUp: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
  }
}

const chainsOf = (pieces: readonly (readonly string[])[]): readonly AuditChain[] =>
  pieces.map(([head = '{}']) => (JSON.parse(head) as { chain?: number }).chain ?? mainChain)

const save = (lines: readonly string[]): string => {
  const path = join(makeWorkspace().path, 'shipped.jsonl')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}
const verify = async (lines: readonly string[]) => verifyAudit(await readExport(save(lines)))

test('two nodes send every chain in order and nothing twice', async () => {
  const { sink, pieces } = listen()
  for (let round = 0; round < 20; round++) {
    await Promise.all([nodes[0].commit(notes(3)), nodes[1].commit(notes(2))])
    if (round % 5 === 4) await checkpointAudit(nodes[0], signer, clock)
    await Promise.all(nodes.map((node) => ship(node, sink)))
  }
  const lines = pieces.flat().filter((line) => !line.startsWith('{"type":"audit"'))
  expect(new Set(lines).size).toBe(lines.length)
  expect(await verify(pieces.flat())).toMatchObject({
    ok: true,
    chains: [
      { chain: 0, entries: 2, signedUpTo: 2 },
      { chain: 1, entries: 60, signedUpTo: 60 },
      { chain: 2, entries: 40, signedUpTo: 40 },
    ],
  })
})

test('while one sends the other leaves the sink alone, and may go on afterwards at once', async () => {
  const { sink, pieces, holdUp } = listen()
  await nodes[0].commit(notes(1))
  const release = holdUp()
  const first = ship(nodes[0], sink)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  expect(await ship(nodes[1], sink)).toBe(false)
  release()
  expect(await first).toBe(true)
  expect(chainsOf(pieces)).toEqual([0, 1])
  await nodes[0].commit(notes(1))
  expect(await ship(nodes[1], sink)).toBe(true)
  expect(chainsOf(pieces)).toEqual([0, 1, 1])
})

test('one that found its piece before another sent it does not send it again', async () => {
  const { sink, pieces } = listen()
  await nodes[0].commit(notes(1))
  // As of a node that stands still between looking and taking the duty.
  const late: AuditNode = {
    ...nodes[1],
    claimDuty: async (duty) => {
      if (pieces.length === 0) await ship(nodes[0], sink)
      return nodes[1].claimDuty(duty)
    },
  }
  expect(await ship(late, sink)).toBe(true)
  expect(chainsOf(pieces)).toEqual([0, 1])
})

test('a node that died leaves the sink to others after six seconds', async () => {
  const { sink, pieces } = listen()
  await nodes[0].commit(notes(1))
  const at = clock.now()
  await nodes[0].claimDuty({ name: 'ship listener', at, until: epochMs(at + 6 * secondMs) })
  clock.advance(6 * secondMs - 1)
  expect(await ship(nodes[1], sink)).toBe(false)
  clock.advance(1)
  expect(await ship(nodes[1], sink)).toBe(true)
  expect(pieces).toHaveLength(2)
})

test('a sink that is slower than a duty lasts keeps its node', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { sink, pieces, holdUp } = listen()
  await nodes[0].commit(notes(1))
  const release = holdUp()
  const first = ship(nodes[0], sink)
  for (let second = 0; second < 30; second++) {
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    clock.advance(secondMs)
    vi.advanceTimersByTime(secondMs)
  }
  expect(await ship(nodes[1], sink)).toBe(false)
  release()
  await first
  expect(chainsOf(pieces)).toEqual([0, 1])
  expect(vi.getTimerCount()).toBe(0)
})

test('a busy chain keeps no other waiting', async () => {
  const { sink, pieces } = listen()
  await nodes[0].commit(notes(1_200))
  await nodes[1].commit(notes(1))
  await ship(nodes[0], sink)
  expect(chainsOf(pieces)).toEqual([0, 1, 2, 1, 1])
})

test('a piece holds by itself, also of the main chain where the others are not at hand', async () => {
  const { sink, pieces } = listen()
  await nodes[0].commit(notes(700))
  await checkpointAudit(nodes[0], signer, clock)
  await ship(nodes[0], sink)
  expect(chainsOf(pieces)).toEqual([0, 1, 1])
  for (const piece of pieces) expect(await verify(piece)).toMatchObject({ ok: true })
  expect(JSON.parse(pieces[0]?.[0] ?? '')).toMatchObject({ begins: [1, 2] })
  // A file of whole chains that lacks one of them still does not hold.
  const [head = '', ...rest] = pieces[0] ?? []
  const silent = [head.replace(',"begins":[1,2]', ''), ...rest]
  expect(await verify(silent)).toMatchObject({ ok: false })
})

test('a node that stops waits for a sink that another had when it died', async () => {
  const path = join(makeWorkspace().path, 'audit.jsonl')
  const sink = {
    ...{ type: 'file' as const, name: `file:${path}`, target: path, secure: true },
    ...{ caFile: undefined, tokenFile: undefined },
  }
  const parts = {
    ...{ clock, log: { info: () => {}, warn: () => {}, error: () => {} } },
    egress: { admit: () => expect.unreachable(), send: () => expect.unreachable() },
    openStream: () => expect.unreachable(),
  }
  const shipping = createShipping({ ...parts, store: nodes[1] }, [sink])
  await nodes[1].commit(notes(1))
  const at = clock.now()
  await nodes[0].claimDuty({ name: `ship ${sink.name}`, at, until: epochMs(at + 6 * secondMs) })
  await shipping.jobs[0]?.run()
  const finished = shipping.finish()
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  clock.advance(6 * secondMs)
  await finished
  expect(await verifyAudit(await readExport(path))).toMatchObject({ ok: true, entries: 3 })
  expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true)
})
