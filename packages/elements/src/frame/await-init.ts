import { type Init, isInit, readInit } from '../protocol/to-frame.ts'

export interface Admitted {
  readonly port: MessagePort
  /** `undefined`: it is for a frame, but not in words that this one knows. */
  readonly init: Init | undefined
}

/**
 * Waits for the page that embeds this frame. Only its own window is heard, and only if it is of an origin that the vault
 * allows; the first such message counts, and with it the window is no longer listened to. Nobody else is answered.
 */
export const awaitInit = (origins: readonly string[]): Promise<Admitted> =>
  new Promise((resolve) => {
    const hear = ({ origin, source, data, ports }: MessageEvent<unknown>) => {
      const [port] = ports
      if (source !== window.parent || window.parent === window) return
      if (!origins.includes(origin) || !isInit(data) || !port) return
      window.removeEventListener('message', hear)
      resolve({ port, init: readInit(data) })
    }
    window.addEventListener('message', hear)
  })
