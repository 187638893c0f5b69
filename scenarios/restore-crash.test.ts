import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { findStrace, killingAt } from '@cardkeep/testing/servers/strace'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, vi } from 'vitest'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { testOnSqlite } from './support/only.ts'
import { runToEnd } from './support/refused-command.ts'
import { type Ground, groundAt, keysPrintedBy, makeGround } from './support/scenario.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Each gives a file the place of another; before, between and after them a crash finds other things. */
const renames = ['rename', 'renameat', 'renameat2']

/** What a vault says that finds no database, although the number beside its root key says that there was one. */
const noDatabase = 'An older set of keys was put back: the database holds set 0'

testOnSqlite(
  'a restore that is killed before one of its steps leaves the database of before, its own or none, and is made by saying it again',
  'the command copies a file',
  async (context) => {
    context.skip(findStrace() === undefined, 'this machine has no strace')
    const ground = makeGround()
    const vault = await ground.start()
    const keys = keysPrintedBy(vault)
    await allowElsewhere(ground)
    const kept = await ground.shopAt(vault, keys).tokenize({ number: testCards.visa })
    const backup = join(makeWorkspace().path, 'backup.db')
    await ground.command('backup', '--to', backup)
    await ground.command('keys', 'rotate', '--purpose', 'card')
    const later = await ground.shopAt(vault, keys).tokenize({ number: testCards.mastercard })
    await vault.stop()

    const words = ['restore', '--from', backup, '--replace']
    const copy = (of: Ground): Ground => {
      const there = groundAt(makeWorkspace().path, {})
      for (const folder of ['data', 'data.keys'])
        cpSync(join(of.folder, folder), join(there.folder, folder), { recursive: true })
      return there
    }
    /** Which tokens a vault does not have any more that starts there. */
    const lostAt = async (there: Ground): Promise<readonly string[]> => {
      const started = await there.start()
      const lost = await findLost(there.shopAt(started, keys), [kept.token, later.token])
      expect(await there.command('audit', 'verify')).toMatchObject({ ok: true })
      await started.stop()
      return lost
    }
    const stateOf = async (there: Ground): Promise<string> => {
      const { code, stderr } = await runToEnd(there, ['tenant', 'list'])
      if (code !== 0) return stderr.includes(noDatabase) ? 'none' : stderr
      return (await lostAt(there)).length === 0 ? 'as before' : 'restored'
    }

    const states: string[] = []
    for (let step = 1; step <= 10; step++) {
      const there = copy(ground)
      const settings = { UV_THREADPOOL_SIZE: '1', NODE_COMPILE_CACHE: '' }
      const { code, stderr } = await runToEnd(there, words, settings, killingAt(renames, step))
      if (code === 0) break
      expect(stderr).toBe('')
      states.push(await stateOf(copy(there)))
      // Whoever says it again has it.
      await there.command(...words)
      expect(await lostAt(there)).toEqual([later.token])
    }
    expect(states).toEqual(['as before', 'none', 'restored'])
  },
)
