import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startVault } from '@cardkeep/testing/vault-process'
import { afterAll, expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

/* What a reader copies out of the README into a shell has to work as it stands there. */

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cardkeep-readme-'))
const vault = await startVault({ folder, demo: true })

afterAll(async () => {
  await vault.stop()
  rmSync(folder, { recursive: true })
})

/** The shell lines between two sentences of the README, all of them one script. */
const linesBetween = (from: string, to: string): string => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const part = readme.slice(readme.indexOf(from), readme.indexOf(to))
  return [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => lines).join('')
}

const inShell = async (script: string): Promise<readonly string[]> => {
  const { stdout } = await promisify(execFile)('sh', ['-euc', script], {
    cwd: root,
    env: { ...process.env, ...vault.printed, CARDKEEP_DATA: join(folder, 'data') },
  })
  return stdout.trim().split('\n')
}

test('the lines of the README that make a virtual card and rotate its CVV do so', async () => {
  const script = linesBetween('The other side of a card', 'Everything that happened stands')
  expect(script).toContain('http://127.0.0.1:8080')
  const [info, before, reset, old, now, ...schedule] = await inShell(
    script.replaceAll('http://127.0.0.1:8080', vault.url),
  )
  expect(JSON.parse(info ?? '')).toMatchObject({ type: 'VIRTUAL', account_id: 1001 })
  expect([before, reset, old, now]).toEqual([
    '{"valid":true}',
    '{"success":true}',
    '{"valid":false}',
    '{"valid":true}',
  ])
  // Every six hours; the fourth time is a day away, when the calendar of 24 hours has ended.
  expect(schedule.filter((line) => line.slice(17).includes('1'))).toHaveLength(3)
})
