import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findChromium } from '@cardkeep/testing/servers/chromium'
import { runCommand, startVault } from '@cardkeep/testing/vault-process'
import { type Browser, chromium } from 'playwright-core'
import { request } from 'undici'
import type { Measurement } from './report.ts'
import { median, percentile } from './statistics.ts'

const rounds = 30

/** From `mount()` on a merchant's page until its customer can type, in a browser that has never seen the vault before. */
export const measureElements = async (folder: string): Promise<readonly Measurement[]> => {
  const program = findChromium()
  if (program === undefined) throw new Error('this bench needs Chromium')
  const shop = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<!doctype html><title>Checkout</title><div id="card"></div>')
  })
  await once(shop.listen(0, '127.0.0.1'), 'listening')
  const shopOrigin = `http://localhost:${(shop.address() as AddressInfo).port}`
  const options = { folder }
  const tenant = ['--tenant', 'shop']
  await runCommand(options, 'tenant', 'create', 'shop')
  await runCommand(options, 'origin', 'allow', ...tenant, '--origin', shopOrigin)
  const { api_key: apiKey } = await runCommand<{ readonly api_key: string }>(
    options,
    ...['credential', 'create', ...tenant, '--dialect', 'hellgate'],
  )
  const vault = await startVault(options)
  const browser = await chromium.launch({
    executablePath: program,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  try {
    const times: number[] = []
    // The first warms up the vault, and the browser as a program.
    for (let round = 0; round <= rounds; round++) {
      const time = await mountOnce(browser, { shopOrigin, vaultUrl: vault.url, apiKey })
      if (round > 0) times.push(time)
    }
    return [
      {
        name: 'card element, from mount to interactive, a fresh browser profile, on loopback, p50',
        value: median(times),
        unit: 'ms',
        floor: 300,
        aim: 300,
        details: { 'p90 ms': percentile(times, 0.9), 'slowest ms': Math.max(...times) },
      },
    ]
  } finally {
    await browser.close()
    await vault.stop()
    shop.close()
  }
}

interface Checkout {
  readonly shopOrigin: string
  readonly vaultUrl: string
  readonly apiKey: string
}

const mountOnce = async (browser: Browser, { shopOrigin, vaultUrl, apiKey }: Checkout): Promise<number> => {
  const opened = await request(`${vaultUrl}/tokens/session`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey },
  })
  const { session_id: sessionId } = (await opened.body.json()) as { readonly session_id: string }
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(shopOrigin)
    await page.addScriptTag({ url: `${vaultUrl}/elements/v1/elements.js` })
    return await page.evaluate(
      (wish) =>
        new Promise<number>((resolve, reject) => {
          const { Cardkeep } = window as unknown as { Cardkeep: typeof import('@cardkeep/elements') }
          const card = Cardkeep.createElements(wish).create('card')
          card.on('loaderror', ({ message }) => reject(new Error(message)))
          card.on('ready', () => resolve(performance.now() - begun))
          const begun = performance.now()
          card.mount('#card')
        }),
      { vaultUrl, sessionId },
    )
  } finally {
    await context.close()
  }
}
