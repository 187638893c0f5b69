import type { Change } from '@cardkeep/core/changes'
import type { Brand } from '@cardkeep/core/kernel/brand'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import type { Bench } from './bench.ts'

/** Deliveries of one webhook and subject, under any order of changes, against a model of the rule. */
export const outboxLineConformance = (bench: Bench): void => {
  const after = (ms: number): EpochMs => epochMs(bench.records.at + ms)

  test('whatever happens in whatever order, nobody gets what stands behind another', async () => {
    const tenant = bench.records.tenant()
    const webhooks = [bench.records.webhook(tenant), bench.records.webhook(tenant)]
    await bench.put(
      { type: 'put-tenant', tenant },
      ...webhooks.map((webhook): Change => ({ type: 'put-webhook', webhook })),
    )
    const subjects = [1, 2, 3].map(() => bench.records.id<Brand<string, 'Subject'>>())
    const model = createModel()
    const random = createRandom(7)
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
    let ms = 0
    const steps: readonly (() => Promise<void>)[] = [
      async () => {
        const id = pick(subjects) ?? ''
        const event = bench.records.event(tenant, { at: after(ms), subject: { type: 'token', id } })
        await bench.put({ type: 'emit-event', event })
        for (const { id: webhookId } of webhooks)
          model.rows.push({ webhookId, event: event.id, subject: id, dueAt: ms, no: undefined, dead: false })
      },
      async () => {
        const limit = 100
        const expected = model.claim(ms, ms + 20)
        const got = await bench.store.claimDeliveries({ at: after(ms), until: after(ms + 20), limit })
        expect(new Set(got.map((one) => `${one.webhookId} ${one.event.id}`))).toEqual(new Set(expected))
        for (const { no, webhookId, event } of got) model.number(webhookId, event.id, no)
      },
      async () => {
        ms += Math.floor(random() * 15)
      },
      async () => {
        const row = pick(model.rows.filter(({ no, dead }) => no !== undefined && !dead))
        if (row?.no === undefined) return
        model.rows.splice(model.rows.indexOf(row), 1)
        await bench.put({ type: 'settle-delivery', no: row.no })
      },
      async () => {
        const row = pick(model.rows.filter(({ no, dead }) => no !== undefined && !dead))
        if (row?.no === undefined) return
        row.dueAt = ms + 10
        const dueAt = after(ms + 10)
        await bench.put({ type: 'delay-delivery', no: row.no, attempts: 1, dueAt, failure: 'x' })
      },
      async () => {
        const row = pick(model.rows.filter(({ no, dead }) => no !== undefined && !dead))
        if (row?.no === undefined) return
        row.dead = true
        await bench.put({ type: 'give-up-delivery', no: row.no, attempts: 9, at: after(ms), failure: 'x' })
      },
      async () => {
        const row = pick(model.rows.filter(({ dead }) => dead))
        if (row?.no === undefined) return
        Object.assign(row, { dead: false, dueAt: ms })
        await bench.put({ type: 'replay-delivery', no: row.no, at: after(ms) })
      },
    ]
    for (let turn = 0; turn < 400; turn++) await pick(steps)?.()
    const { waiting, dead } = await bench.store.outboxState()
    expect(waiting).toBe(model.rows.filter((row) => !row.dead).length)
    expect(dead).toBe(model.rows.filter((row) => row.dead).length)
  })
}

interface ModelRow {
  readonly webhookId: string
  readonly event: string
  readonly subject: string
  dueAt: number
  /** `undefined` until it is claimed for the first time. */
  no: number | undefined
  dead: boolean
}

/** The rule itself, without any index: rows stand in the order of their numbers. */
const createModel = () => {
  const rows: ModelRow[] = []
  const isFirst = (row: ModelRow): boolean =>
    rows.find(
      (other) => !other.dead && other.webhookId === row.webhookId && other.subject === row.subject,
    ) === row
  return {
    rows,
    claim: (at: number, until: number): readonly string[] => {
      const claimed = rows.filter((row) => !row.dead && row.dueAt <= at && isFirst(row))
      for (const row of claimed) row.dueAt = until
      return claimed.map(({ webhookId, event }) => `${webhookId} ${event}`)
    },
    number: (webhookId: string, event: string, no: number): void => {
      for (const row of rows) if (row.webhookId === webhookId && row.event === event) row.no = no
    },
  }
}

/** Numbers from 0 to 1, the same in each run (mulberry32). */
const createRandom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
