import type { Frame, Page, Request } from 'playwright-core'
import { onTestFinished, vi } from 'vitest'

/** All that a shop has had a chance to see, as texts to search. */
export interface Sight {
  /** Reads the shop's pages as they are now: what they show, what their fields hold, and what they have stored. */
  readonly look: () => Promise<void>
  /** Requests of the shop's pages, and messages to them, with what `look` has read. */
  readonly page: readonly string[]
  /** Requests that reach the shop's server, its calls to the vault, and the answers. */
  readonly server: readonly string[]
  /** Requests of the vault's frames. */
  readonly frames: readonly Request[]
  /** What the browser complained about. */
  readonly complaints: readonly string[]
}

/** Watches a page before it opens the shop, whose server runs in this process. */
export const watch = async (page: Page, shopUrl: string): Promise<Sight> => {
  const seenByPage: string[] = []
  const server: string[] = []
  const frames: Request[] = []
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(message.text()))
  page.on('pageerror', ({ message }) => void complaints.push(message))
  page.on('request', (request) => {
    if (isOf(request.frame(), shopUrl)) seenByPage.push(spell(request))
    else frames.push(request)
    if (request.url().startsWith(shopUrl)) server.push(spell(request))
  })
  await page.exposeFunction('told', (text: string) => void seenByPage.push(text))
  await page.addInitScript(tellMessages, shopUrl)
  listenToFetch(server)

  const look = async (): Promise<void> => {
    for (const frame of page.frames())
      if (isOf(frame, shopUrl)) seenByPage.push(await frame.evaluate(readPage))
    seenByPage.push(JSON.stringify(await page.context().cookies()))
  }
  return { look, page: seenByPage, server, frames, complaints }
}

/** A navigation belongs to where it leads. */
const isOf = (frame: Frame, shopUrl: string): boolean =>
  frame.parentFrame() === null || frame.url().startsWith(shopUrl)

const spell = (request: Request): string =>
  [request.url(), JSON.stringify(request.headers()), request.postData()].join('\n')

const listenToFetch = (seen: string[]): void => {
  const { fetch } = globalThis
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    seen.push(`${url instanceof Request ? url.url : url.toString()} ${JSON.stringify(init)}`)
    const response = await fetch(url, init)
    seen.push(JSON.stringify([...response.headers]), await response.clone().text())
    return response
  })
  onTestFinished(() => spy.mockRestore())
}

/** Runs in the page before any other script: whatever comes to its window or its ports is told first. */
const tellMessages = (shopUrl: string): void => {
  if (location.origin !== shopUrl) return
  const tell = ({ data }: MessageEvent<unknown>): void =>
    void (globalThis as unknown as { told: (text: string) => Promise<void> }).told(JSON.stringify(data))
  addEventListener('message', tell)
  const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage')
  if (!handler) throw new Error('ports have no onmessage here')
  Object.defineProperty(MessagePort.prototype, 'onmessage', {
    ...handler,
    set(this: MessagePort, handle: unknown) {
      this.addEventListener('message', tell)
      handler.set?.call(this, handle)
    },
  })
}

/** Runs in the page. */
const readPage = async (): Promise<string> =>
  JSON.stringify([
    document.documentElement.outerHTML,
    [...document.querySelectorAll('input')].map(({ value }) => value),
    Object.entries(localStorage),
    Object.entries(sessionStorage),
    await indexedDB.databases(),
    await caches.keys(),
  ])
