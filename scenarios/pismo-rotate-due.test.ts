import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { cleanUp } from './support/clean-up.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import { enableBank } from './support/pismo-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { changeRows } from './support/rows.ts'
import { type Ground, makeGround } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

/* The command that rotates what is due: what it waits for, and how it ends. */

const words = ['issuer', 'rotate-due', '--now'] as const
const others = { overtaken: 0, ended: 0, failed: 0 }

const openWith = async (cards: number): Promise<Ground> => {
  const ground = makeGround()
  const bank = await enableBank(ground, 'bank')
  await makeCardsInThePast(ground, bank, { cards, hoursAgo: 3, intervalHours: 1 })
  return ground
}

/** As if another worker had them. */
const claim = (ground: Ground, cards: number, ms: number): Promise<unknown> => {
  const some = `card_id in (select card_id from cvv_rotations order by card_id limit ${cards})`
  return changeRows(ground, `update cvv_rotations set claimed_until = ${Date.now() + ms} where ${some}`)
}

test('it waits for the claim of a worker who died, and the log has who ran it', async () => {
  const ground = await openWith(20)
  await claim(ground, 5, 4_000)
  expect(await ground.command(...words)).toEqual({ ...others, rotated: 20, still_due: 0 })
  const entries = (await exportAudit(ground)).entries.filter(({ action }) => action === 'cvv.rotated-due')
  expect(entries.map(({ actor }) => actor)).toEqual(entries.map(() => ['operator', userInfo().username]))
  expect(entries.reduce((sum, { details }) => sum + Number(details['cards']), 0)).toBe(20)
})

test('cards that cannot be rotated make it fail, and it says why', async () => {
  const ground = await openWith(5)
  const first = 'card_id in (select card_id from cvv_rotations order by card_id limit 1)'
  await changeRows(
    ground,
    `update cvv_rotations set sealed_service_code = (select sealed_number from issued_cards where id = card_id) where ${first}`,
  )
  const end = await runToEnd(ground, [...words, '--json'])
  expect(JSON.parse(end.stdout)).toEqual({ ...others, rotated: 4, failed: 1, still_due: 1 })
  expect(end.code).toBe(1)
  expect(end.stderr).toMatch(/^cardkeep: 1 cards could not be rotated; why the first could not: \w+ at .+\n$/)
})

interface Terminal {
  readonly screen: () => string
  readonly type: (keys: string) => void
  readonly programId: () => number
  /** Resolves with the exit code. */
  readonly ended: Promise<number>
}

/** Starts the command in a terminal of its own. */
const startInTerminal = ({ folder, options: { settings } }: Ground): Terminal => {
  const own = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('CARDKEEP_') && name !== 'NO_COLOR',
  )
  const env = { ...Object.fromEntries(own), CARDKEEP_DATA: join(folder, 'data'), ...settings, TERM: 'xterm' }
  const program = fileURLToPath(new URL('../packages/server/bin/cardkeep.js', import.meta.url))
  const command = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ')
  // Of util-linux, which every Debian has.
  const child: ChildProcess = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], { env })
  cleanUp(async () => void child.kill('SIGKILL'))
  let screen = ''
  child.stdout?.on('data', (bytes: Buffer) => {
    screen += bytes.toString()
  })
  const ended = once(child, 'exit').then(([code]) => Number(code))
  return {
    screen: () => screen,
    type: (keys) => void child.stdin?.write(keys),
    /** Each process on the way takes the place of the one before. */
    programId: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')),
    ended,
  }
}

test.each([
  ['Ctrl-C', 'SIGINT', 130, (terminal: Terminal): unknown => terminal.type('\u0003')],
  ['SIGTERM', 'SIGTERM', 143, (terminal: Terminal): unknown => process.kill(terminal.programId(), 'SIGTERM')],
] as const)(
  '%s ends it with its terminal as it was, and it says what is left',
  async (_, signal, code, stop) => {
    const ground = await openWith(20)
    await claim(ground, 20, 25_000)
    const terminal = startInTerminal(ground)
    await until('the bar', () => terminal.screen().includes('0%'))
    stop(terminal)
    expect(await terminal.ended).toBe(code)
    const screen = terminal.screen()
    // Neither the wrapping of lines nor the cursor was switched off.
    expect(screen).not.toContain('\u001b[?7l')
    expect(screen).not.toContain('\u001b[?25l')
    expect(screen.endsWith(`cardkeep: stopped by ${signal}: of what was due, 20 cards are left\r\n`)).toBe(
      true,
    )
  },
)
