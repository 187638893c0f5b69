import { readFileSync } from 'node:fs'
import type { FrameLocator, Page } from 'playwright-core'
import type { Site } from './site.ts'

/** The SDK as it was published, byte for byte. */
const sdk = readFileSync(
  new URL('../../node_modules/@starfish-codes/hellgate/dist/hellgate-sdk.umd.js', import.meta.url),
  'utf8',
)

/** What these tests use of it; its package declares no types for what it exports. */
interface Sdk {
  init(sessionId: string, options: { readonly base_url: string }): Promise<{ use(flow: 'CARD'): CardHandler }>
}

interface CardHandler {
  createForm(options?: object): SdkElement
  createFormFields(options?: object): Record<'cardNumber' | 'expiryDate' | 'securityCode', SdkElement>
  createTextField(options?: object): SdkElement
  onStateChange(hear: (state: object) => void): void
  process(details?: object): Promise<unknown>
  clear(): void
}

interface SdkElement {
  mount(selector: string): Promise<void>
  update(options: object): void
  focus(): void
  blur(): void
  on(event: string, hear: (data: unknown) => void): void
}

declare global {
  interface Window {
    Hellgate: Sdk
    HG_IFRAME_HOST: string
    card: CardHandler
    /** The elements that are mounted, by where. */
    mounted: Record<string, SdkElement>
    /** Every state that the SDK has told the page. */
    states: object[]
    /** What a test remembers. */
    noted: string[]
    settled: number
  }
}

/** How the SDK lays out a card. */
export type Layout = 'one frame' | 'a frame for each field'

/** A merchant's page with places for fields. Its own policy would not let the SDK's `innerHTML` through; it has none. */
export const putVendorShop = (site: Site, vaultOrigin: string): string => {
  site.put('/hellgate-sdk.js', { body: sdk, type: 'text/javascript' })
  site.put('/favicon.ico', { body: '', type: 'image/x-icon' })
  return site.put('/checkout', {
    body: `<!doctype html>
<html lang="en">
<title>Checkout</title>
<h1>Checkout</h1>
<div id="card"></div><div id="number"></div><div id="expiry"></div><div id="code"></div><div id="name"></div>
<script>window.HG_IFRAME_HOST = ${JSON.stringify(new URL(vaultOrigin).host)}</script>
<script src="/hellgate-sdk.js"></script>
</html>`,
  })
}

/** Begins a session in an opened shop and mounts its fields; resolves when all of them are ready. */
export const begin = (page: Page, sessionId: string, baseUrl: string, layout: Layout): Promise<void> =>
  page.evaluate(
    async ([session, url, wanted]) => {
      const client = await window.Hellgate.init(session, { base_url: url })
      window.card = client.use('CARD')
      window.states = []
      window.card.onStateChange((state) => window.states.push({ ...state }))
      const { card } = window
      if (wanted === 'one frame') window.mounted = { '#card': card.createForm() }
      else {
        const { cardNumber, expiryDate, securityCode } = card.createFormFields()
        window.mounted = { '#number': cardNumber, '#expiry': expiryDate, '#code': securityCode }
      }
      window.mounted['#name'] = card.createTextField({ ariaLabel: 'Name on card' })
      await Promise.all(Object.entries(window.mounted).map(([place, element]) => element.mount(place)))
    },
    [sessionId, baseUrl, layout] as const,
  )

/** What the SDK's `process` resolves to, or `{ thrown }` with the message of an error. */
export const process = async (page: Page): Promise<unknown> => {
  await settle(page)
  return page.evaluate(() =>
    window.card
      .process({ cardholder_name: window.mounted['#name'] })
      .catch((error: unknown) => ({ thrown: error instanceof Error ? error.message : error })),
  )
}

/** Resolves when the page has heard all that its frames had to tell: the messages of each come in their order. */
export const settle = async (page: Page): Promise<void> => {
  await page.evaluate(() => {
    window.settled = 0
    window.onmessage = ({ data }) => {
      if (data === 'settled') window.settled++
    }
  })
  const [, ...fields] = page.frames()
  for (const field of fields) await field.evaluate("parent.postMessage('settled', '*')")
  await page.waitForFunction((count) => window.settled === count, fields.length)
}

/** The input of this label, in whichever frame it is. */
export const inputIn = (page: Page, place: string, label: string) =>
  frameIn(page, place).getByLabel(label, { exact: true })

export const frameIn = (page: Page, place: string): FrameLocator => page.frameLocator(`${place} iframe`)
