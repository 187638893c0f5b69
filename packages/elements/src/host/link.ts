import type { ElementKind, LoadError } from '../protocol/public.ts'
import type { Init, ToFrame } from '../protocol/to-frame.ts'
import { readToHost, type ToHost } from '../protocol/to-host.ts'

/*
 * A frame and the only way to it. Once the frame has loaded, one message goes to its window, addressed to the origin of
 * the vault, and hands it one end of a channel; all else goes over the channel. So the page listens to no window at all,
 * and a message cannot come from anybody but the frame that was given the port.
 *
 *   loading   the browser fetches the frame
 *   greeting  it has loaded and was sent the port; no word has come back
 *   waiting   it has taken the port and asks the vault
 *   ready     it can be typed into
 *   closed    failed or taken away
 *
 *   load      loading → greeting
 *   load      greeting, waiting, ready → greeting: a frame that is moved in its page is loaded anew, and empty
 *   hello     greeting → waiting
 *   ready     waiting → ready
 *   time      loading, greeting, waiting → closed
 *   failed    waiting, ready → closed
 */

export interface LinkParts {
  readonly container: Element
  readonly frameUrl: URL
  readonly title: string
  readonly init: Init
  readonly deadlineMs: number
  /** What the frame said, as long as the link is open; what speaks of the link itself is not passed on. */
  readonly heard: (message: Exclude<ToHost, { type: 'hello' | 'resize' | 'failed' }>) => void
  /** The frame has begun again: what it was asked and what was typed into it is gone. */
  readonly begunAgain: () => void
  /** Called at most once; the link is closed by then. */
  readonly failed: (error: LoadError) => void
}

export interface Link {
  send(message: ToFrame): void
  close(): void
}

export const openLink = (parts: LinkParts): Link => {
  const { container, frameUrl, init, deadlineMs } = parts
  const frame = createFrame(parts)
  const timers: ReturnType<typeof setTimeout>[] = []

  const stopTimers = () => {
    for (const timer of timers.splice(0)) clearTimeout(timer)
  }
  /** Waits in steps: a page that is busy hears nothing meanwhile, and loses no more than one of them by it. */
  const failAfter = (ms: number, error: LoadError, steps = 4) => {
    const next = () => (steps === 1 ? fail(error) : failAfter((ms * (steps - 1)) / steps, error, steps - 1))
    timers.push(setTimeout(next, ms / steps))
  }
  const hangUp = () => {
    stopTimers()
    channel.port1.onmessage = null
    channel.port1.close()
  }
  const close = () => {
    hangUp()
    frame.removeEventListener('load', loaded)
    frame.remove()
  }
  const fail = (error: LoadError) => {
    close()
    parts.failed(error)
  }
  const hear = ({ data }: MessageEvent<unknown>) => {
    const message = readToHost(data)
    if (!message) return fail(notUnderstood)
    if (message.type === 'failed') return fail({ reason: message.reason, message: message.message })
    if (message.type === 'resize') {
      frame.style.height = `${message.height}px`
      return
    }
    if (message.type === 'hello') {
      stopTimers()
      failAfter(deadlineMs - (performance.now() - begunAt), late)
      return
    }
    if (message.type === 'ready') stopTimers()
    parts.heard(message)
  }
  const openChannel = (): MessageChannel => {
    const opened = new MessageChannel()
    opened.port1.onmessage = hear
    return opened
  }
  const begin = () => {
    begunAt = performance.now()
    failAfter(deadlineMs, late)
  }
  const beginAgain = () => {
    hangUp()
    channel = openChannel()
    begin()
    greet()
    parts.begunAgain()
  }
  const greet = () => {
    frame.contentWindow?.postMessage(init, frameUrl.origin, [channel.port2])
    // Its script has run by now, so a frame of the vault answers at once: whatever does not is none.
    failAfter(Math.min(greetingMs, deadlineMs), blocked)
  }

  const loaded = () => {
    loads++
    if (loads === 1) greet()
    else beginAgain()
  }

  let channel = openChannel()
  let loads = 0
  let begunAt = 0
  frame.addEventListener('load', loaded)
  begin()
  container.append(frame)

  return { send: (message) => channel.port1.postMessage(message), close }
}

const greetingMs = 2_000

const blocked: LoadError = {
  reason: 'blocked',
  message:
    'The frame of the vault did not answer. Is the origin of this page allowed (`origin allow`), does the session still ' +
    'exist, and does the Content-Security-Policy of this page allow the vault in `frame-src`?',
}

const late: LoadError = { reason: 'timeout', message: 'The vault did not answer within the deadline.' }

const notUnderstood: LoadError = {
  reason: 'protocol',
  message: 'The frame said something that is not understood. Is the script of this page as old as the vault?',
}

/** About as tall as the content will be, so that the page moves little when it comes. */
const firstHeight: Readonly<Record<ElementKind, string>> = { card: '172px', code: '82px' }

const createFrame = ({ frameUrl, title, init }: LinkParts): HTMLIFrameElement => {
  const frame = document.createElement('iframe')
  frame.src = frameUrl.href
  frame.title = title
  frame.referrerPolicy = 'no-referrer'
  const { style } = frame
  style.border = '0'
  style.display = 'block'
  // What is inside keeps this much room for the ring around the focus, and lines up with the page all the same.
  style.margin = '-4px'
  style.width = 'calc(100% + 8px)'
  style.maxWidth = 'none'
  style.height = firstHeight[init.kind]
  // The same as inside: otherwise the browser puts an opaque ground behind the frame.
  style.colorScheme = init.appearance.theme === 'auto' ? 'light dark' : (init.appearance.theme ?? 'light')
  return frame
}
