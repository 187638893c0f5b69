import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from './start-demo.ts'

/*
 * A small shop to try in a browser, with a vault and a provider of its own. Everything runs in processes and folders of
 * this demo and is gone afterwards.
 */

const folder = mkdtempSync(join(tmpdir(), 'cardkeep-demo-web-'))
const remove = (): void => rmSync(folder, { recursive: true, force: true })
const tell = (text: string): void => void process.stdout.write(text)

tell('Starting a vault, a provider and a shop …\n')
const demo = await startDemo(folder).catch((error: unknown) => {
  remove()
  throw error
})
tell(
  `\n  Open ${demo.shopUrl} in a browser.\n\n  The vault listens on ${demo.vaultUrl}. Ctrl-C stops everything.\n`,
)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void demo.stop().finally(remove))
