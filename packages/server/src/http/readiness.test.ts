import { Writable } from 'node:stream'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Store } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { describe, expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import { createReadiness } from './readiness.ts'

const open = () => {
  const disk = { isFull: false, isAuditBroken: false, areCodesAway: false, looks: 0, codeLooks: 0 }
  const clock = createFixedClock()
  const written: unknown[] = []
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const store = {
    commit: async (changes: unknown) => {
      if (disk.isAuditBroken) throw new UnavailableError('disk full')
      written.push(changes)
      return { ok: true }
    },
    checkWritable: async () => {
      disk.looks++
      if (disk.isFull) throw new UnavailableError('disk full')
    },
  } as unknown as Store & { checkWritable(): Promise<void> }
  const checkCodes = async (): Promise<void> => {
    disk.codeLooks++
    if (disk.areCodesAway) throw new UnavailableError('no code store')
  }
  const readiness = createReadiness({ store, checkCodes, clock, log: createLog('info', out) })
  return {
    readiness,
    disk,
    clock,
    written,
    events: () => lines.map((line) => (JSON.parse(line) as { event: string }).event),
  }
}

test('a vault that can write is ready, and writes nothing to the audit log to know it', async () => {
  const { readiness, written } = open()
  expect(await readiness.check()).toBeUndefined()
  expect(written).toEqual([])
})

test('a vault whose database cannot be written is not ready until it can', async () => {
  const { readiness, disk } = open()
  disk.isFull = true
  expect(await readiness.check()).toBe('database')
  disk.isFull = false
  expect(await readiness.check()).toBeUndefined()
})

describe('after an entry was lost', () => {
  test('the vault is not ready until the log says so itself, and then writes it once', async () => {
    const { readiness, disk, written } = open()
    disk.isAuditBroken = true
    readiness.auditFailed()
    expect([await readiness.check(), await readiness.check()]).toEqual(['audit', 'audit'])
    disk.isAuditBroken = false
    expect([await readiness.check(), await readiness.check()]).toEqual([undefined, undefined])
    expect(written).toEqual([
      [
        {
          type: 'audit',
          entry: expect.objectContaining({
            action: 'audit.started',
            details: { after: 'an entry could not be written' },
          }),
        },
      ],
    ])
  })

  test('one line is logged, however many were lost', () => {
    const { readiness, events } = open()
    for (let lost = 0; lost < 5; lost++) readiness.auditFailed()
    expect(events()).toEqual(['audit.failed'])
  })

  test('the database comes first', async () => {
    const { readiness, disk } = open()
    readiness.auditFailed()
    disk.isFull = true
    expect(await readiness.check()).toBe('database')
  })
})

test('a sealed vault is not ready whatever it could do, and each change is logged once', async () => {
  const { readiness, disk, events } = open()
  disk.isFull = true
  expect(readiness.isSealed()).toBe(false)
  readiness.setSealed(true)
  readiness.setSealed(true)
  expect([readiness.isSealed(), await readiness.check()]).toEqual([true, 'sealed'])
  readiness.setSealed(false)
  readiness.setSealed(false)
  expect([readiness.isSealed(), await readiness.check()]).toEqual([false, 'database'])
  expect(events()).toEqual(['vault.sealed', 'vault.unsealed'])
})

test('a vault that can hold no codes is not ready until it can', async () => {
  const { readiness, disk } = open()
  disk.areCodesAway = true
  expect(await readiness.check()).toBe('codes')
  disk.areCodesAway = false
  expect(await readiness.check()).toBeUndefined()
})

test('a database that is away is said before codes that are', async () => {
  const { readiness, disk } = open()
  Object.assign(disk, { isFull: true, areCodesAway: true })
  expect(await readiness.check()).toBe('database')
})

test('a vault that is to stop is not ready any more, whatever it could do, and looks at nothing', async () => {
  const { readiness, disk } = open()
  readiness.setSealed(true)
  readiness.setStopping()
  expect(await readiness.check()).toBe('stopping')
  readiness.setSealed(false)
  expect(await readiness.check()).toBe('stopping')
  expect([disk.looks, disk.codeLooks]).toEqual([0, 0])
})

describe('asking again and again', () => {
  test('writes to the disk once a second, and notices within a second that it cannot be written', async () => {
    const { readiness, disk, clock } = open()
    for (let ask = 0; ask < 50; ask++) await readiness.check()
    expect(disk.looks).toBe(1)
    disk.isFull = true
    clock.advance(999)
    expect(await readiness.check()).toBeUndefined()
    clock.advance(1)
    expect(await readiness.check()).toBe('database')
    expect(disk.looks).toBe(2)
  })

  test('asks for codes once a second, and notices within a second that there are none', async () => {
    const { readiness, disk, clock } = open()
    for (let ask = 0; ask < 50; ask++) await readiness.check()
    expect(disk.codeLooks).toBe(1)
    disk.areCodesAway = true
    clock.advance(999)
    expect(await readiness.check()).toBeUndefined()
    clock.advance(1)
    expect(await readiness.check()).toBe('codes')
  })

  test('waits for one look, also while it fails', async () => {
    const { readiness, disk } = open()
    Object.assign(disk, { isFull: true, areCodesAway: true })
    expect(await Promise.all([1, 2, 3].map(() => readiness.check()))).toEqual(Array(3).fill('database'))
    expect([disk.looks, disk.codeLooks]).toEqual([1, 1])
  })

  test('notices at once that it can be written again, and that an entry was lost', async () => {
    const { readiness, disk } = open()
    disk.isFull = true
    expect(await readiness.check()).toBe('database')
    disk.isFull = false
    expect(await readiness.check()).toBeUndefined()
    disk.isAuditBroken = true
    readiness.auditFailed()
    expect(await readiness.check()).toBe('audit')
  })
})
