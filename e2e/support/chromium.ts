import { findChromium } from '@cardkeep/testing/servers/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { beforeAll, describe, onTestFinished, test } from 'vitest'
import { cleanUp } from '../../scenarios/support/clean-up.ts'
import { identity } from './identity.ts'

export interface Chromium {
  /** A page with nothing of any page before it; it is closed with its test. */
  readonly openPage: (options?: BrowserContextOptions) => Promise<Page>
}

/** A suite that needs a browser; where there is none, one skipped test says what was left out. */
export const describeInChromium = (name: string, body: (chromium: Chromium) => void): void => {
  const program = findChromium()
  if (program) describe(name, () => body(useBrowser(program)))
  else test(`left out: ${name}`, (context) => context.skip(true, 'this machine has no Chromium'))
}

const useBrowser = (program: string): Chromium => {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await launch(program)
  }, 60_000)
  return {
    openPage: async (options) => {
      // Precondition: a page is opened by a test, not while tests are described.
      if (!browser) throw new Error('the browser has not been started')
      const context = await browser.newContext(options)
      onTestFinished(() => context.close())
      return context.newPage()
    },
  }
}

let launched: Promise<Browser> | undefined

/** One for the whole file. */
const launch = (program: string): Promise<Browser> => (launched ??= start(program))

const start = async (program: string): Promise<Browser> => {
  const browser = await chromium.launch({ executablePath: program, args: [...switches, ...inContainers] })
  cleanUp(() => browser.close())
  return browser
}

/** Names lead to this machine and nowhere else, and of the certificates that nobody signed ours alone is taken. */
const switches: readonly string[] = [
  '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
  `--ignore-certificate-errors-spki-list=${identity.keyDigest}`,
]

/**
 * Its sandbox needs another user than root and namespaces that many containers do not give, and its shared memory more room
 * than they have. Every page that it opens here is ours.
 */
const inContainers: readonly string[] = ['--no-sandbox', '--disable-dev-shm-usage']
