import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { isOnMemory, isOnSqlite } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import { enableBank, listenForRotations } from './support/pismo-scenario.ts'
import { createRandom } from './support/random.ts'
import { changeRows, readRows } from './support/rows.ts'
import { type Ground, makeGround } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 900_000 })

/*
 * Ten thousand cards are due, and two workers rotate them: a vault that serves, and a command. One of them, in turn, is
 * killed in the middle. What it had claimed is done by the other, and no card is done twice.
 */

// Each store has its five; where codes are held changes nothing of it.
const rounds = isOnSqlite === isOnMemory ? 5 : 2
const due = 10_000
const seed = 20_260_103
/** How many are rotated before the power cut. */
const toCome = { min: 200, max: 3_000 }

test(`after ${rounds} power cuts of one of two workers each card has rotated once, and each rotation is told`, async () => {
  const ground = makeGround()
  const random = createRandom(seed)
  const bank = await enableBank(ground, 'bank')
  const receiver = await listenForRotations(ground, 'bank')
  const cards = new Set<number>()

  for (let round = 0; round < rounds; round++) {
    const place = { cards: due, hoursAgo: 3, intervalHours: 1 }
    for (const id of await makeCardsInThePast(ground, bank, place)) cards.add(id)
    expect(cards.size).toBe((round + 1) * due)
    expect(countDue(ground)).toBe(due)
    const enough = cards.size - due + random.between(toCome.min, toCome.max)

    const command = startRotateDue(ground)
    const vault = await ground.start()
    await until('rotations', () => countRotated(ground) >= enough, 60_000, 2)
    await (round % 2 === 0 ? vault.kill() : command.kill())
    // Somebody was killed who had not finished.
    expect(countDue(ground)).toBeGreaterThan(0)
    // As if the time had passed for which it had claimed cards; it also takes from the other what that one has. In the last
    // two rounds the living, one of each kind, wait for it.
    if (round < rounds - 2)
      await changeRows(ground, 'update cvv_rotations set claimed_until = 0 where claimed_until > 0')

    const living = round % 2 === 0 ? await ground.start() : vault
    await until('the end of the storm', () => countDue(ground) === 0, 120_000, 50)
    await command.ended
    await until('an empty outbox', () => countRows(ground, 'deliveries') === 0, 180_000, 100)
    await living.kill()
  }

  // Whoever was made has rotated once for the one time at which it was due, and has its next time ahead.
  const odd = 'select count(*) as count from cvv_rotations where serial <> 1 or version <> 2'
  expect(readRows(ground, odd)).toEqual([{ count: 0 }])
  expect(countRows(ground, 'cvv_rotations')).toBe(rounds * due)
  expect(receiver.forged).toEqual([])
  expect(readRows(ground, 'select no from dead_deliveries')).toEqual([])
  const events = receiver.all()
  expect(new Set(events.map(({ data }) => data.card_id))).toEqual(cards)
  // An event has one id, however often it came.
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(rounds * due)
  expect(new Set(events.map(({ data }) => `${data.operation_type} ${data.cvv_rotation_type}`))).toEqual(
    new Set(['ROTATE_CVV AUTOMATIC']),
  )
  const logged = (await exportAudit(ground)).entries.filter(({ action }) => action === 'cvv.rotated-due')
  // Of a batch that was under way the entry may be there, and the cards due again.
  const told = logged.reduce((sum, { details }) => sum + Number(details['cards']), 0)
  expect(told).toBeGreaterThanOrEqual(rounds * due)
  expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
})

const countRows = (ground: Ground, table: string): number =>
  Number(readRows(ground, `select count(*) as count from ${table}`)[0]?.['count'])

const countRotated = (ground: Ground): number => countRows(ground, 'cvv_rotations where serial > 0')

const countDue = (ground: Ground): number => countRows(ground, `cvv_rotations where due_at <= ${Date.now()}`)

const program = fileURLToPath(new URL('../packages/server/bin/cardkeep.js', import.meta.url))

interface Worker {
  /** Resolves however it ends. */
  readonly ended: Promise<void>
  kill(): Promise<void>
}

/** `issuer rotate-due --now`, in a process of its own. */
const startRotateDue = ({ folder, options: { settings } }: Ground): Worker => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CARDKEEP_'))
  const env = { ...Object.fromEntries(own), CARDKEEP_DATA: join(folder, 'data'), ...settings }
  const child: ChildProcess = spawn(process.execPath, [program, 'issuer', 'rotate-due', '--now', '--json'], {
    env,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit').then(() => undefined)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  cleanUp(kill)
  return { ended, kill }
}
