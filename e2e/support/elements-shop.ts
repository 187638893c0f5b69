import type { CardkeepElements, ElementKind, ElementResult, ElementsOptions } from '@cardkeep/elements'
import digests from '@cardkeep/elements/dist/sri.json' with { type: 'json' }
import type { Frame, Page } from 'playwright-core'
import type { Site } from './site.ts'

declare global {
  interface Window {
    Cardkeep: typeof import('@cardkeep/elements')
    elements: CardkeepElements
    field: ReturnType<CardkeepElements['create']>
    /** The events of the element, each with what was told. */
    events: [name: string, told: unknown][]
    /** Everything that came from the frame to the page, whether it became an event or not. */
    heard: unknown[]
  }
}

/** A checkout with the policy that the documents ask for, and not a word more but for frames of this machine. */
export const putShop = (site: Site, vaultOrigin: string): string => {
  site.put('/favicon.ico', { body: '', type: 'image/x-icon' })
  const frames = `${vaultOrigin} https://shop.test:* https://elsewhere.test:*`
  return site.put('/checkout', {
    headers: {
      'content-security-policy': `default-src 'none'; script-src ${vaultOrigin}; frame-src ${frames}`,
    },
    body: `<!doctype html>
<html lang="en">
<title>Checkout</title>
<script
  src="${vaultOrigin}/elements/v1/elements.js"
  integrity="${digests['elements.js']}"
  crossorigin="anonymous"
></script>
<main><h1>Checkout</h1><a href="#before">Before</a><div id="card"></div><a href="#behind">Behind</a></main>
</html>`,
  })
}

export interface MountWish extends Omit<ElementsOptions, 'vaultUrl'> {
  readonly kind: ElementKind
}

/** Mounts an element in an opened checkout; resolves once it is ready or has failed, with what it told until then. */
export const mount = async (page: Page, vaultUrl: string, wish: MountWish): Promise<Window['events']> => {
  await page.evaluate(
    ([url, { kind, ...options }]) => {
      window.events = []
      window.heard = []
      addEventListener('message', ({ data }: MessageEvent<unknown>) => window.heard.push(data))
      window.MessageChannel = class extends MessageChannel {
        constructor() {
          super()
          this.port1.addEventListener('message', ({ data }: MessageEvent<unknown>) => window.heard.push(data))
        }
      }
      window.elements = window.Cardkeep.createElements({ vaultUrl: url, ...options })
      window.field = window.elements.create(kind)
      for (const name of ['ready', 'change', 'focus', 'blur', 'submit', 'loaderror'] as const)
        window.field.on(name, (told) => window.events.push([name, told]))
      window.field.mount('#card')
    },
    [vaultUrl, wish] as const,
  )
  await page.waitForFunction(() => window.events.some(([name]) => name === 'ready' || name === 'loaderror'))
  return eventsOf(page)
}

export const eventsOf = (page: Page): Promise<Window['events']> => page.evaluate(() => window.events)

/** What the page does when its own button is pressed. */
export const submit = (page: Page, kind: ElementKind, cardholderName?: string): Promise<ElementResult> =>
  page.evaluate(
    ([wanted, name]) =>
      wanted === 'card'
        ? window.elements.tokenize(name === undefined ? {} : { cardholderName: name })
        : window.elements.refreshCode(),
    [kind, cardholderName] as const,
  )

export const vaultFrame = (page: Page, vaultOrigin: string): Frame => {
  const frame = page.frames().find((one) => one.url().startsWith(`${vaultOrigin}/elements/`))
  if (!frame) throw new Error('the page has no frame of the vault')
  return frame
}

/** Types as a person does: into the first field, and on by Tab. */
export const typeCard = async (
  frame: Frame,
  { number, expiry, code }: { readonly number: string; readonly expiry: string; readonly code: string },
): Promise<void> => {
  const { keyboard } = frame.page()
  await frame.getByLabel('Card number').focus()
  await keyboard.type(number)
  await keyboard.press('Tab')
  await keyboard.type(expiry)
  await keyboard.press('Tab')
  await keyboard.type(code)
}
