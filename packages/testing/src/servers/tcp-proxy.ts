import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Which way is held up: everything, or only what the server says. */
export type Held = 'both' | 'answers'

/** A way to a server on this machine that a test can break, as a network does. It knows nothing of what passes. */
export interface TcpProxy {
  readonly port: number
  /** How many connections stand. */
  readonly open: () => number
  /** Every connection breaks, and so does each that is tried. */
  cut(): void
  /** Connections stay and new ones are accepted, but nothing passes, not even an end. What was said waits. */
  hang(held?: Held): void
  /** Everything passes again, and at once: what waited first, in its order. */
  restore(): void
  /** What is said from now on arrives this much later, each way. */
  delay(ms: number): void
  /** New connections lead to another port; those that stand stay where they are until they are cut. */
  turnTo(port: number): void
  close(): Promise<void>
}

type Way = 'questions' | 'answers'

export const startTcpProxy = async (server: { readonly port: number }): Promise<TcpProxy> => {
  const sockets = new Set<Socket>()
  const gates: Readonly<Record<Way, Gate>> = { questions: createGate(), answers: createGate() }
  let { port: target } = server
  let isCut = false
  let delayMs = 0

  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    return socket.on('close', () => sockets.delete(socket))
  }
  /** Each piece is due when it came and the delay has passed, and waits for what came before it and for the gate. */
  const lead = (from: Socket, to: Socket, way: Way): void => {
    let last = Promise.resolve()
    const then = (act: () => void) => {
      const dueMs = performance.now() + delayMs
      last = last.then(async () => {
        const leftMs = dueMs - performance.now()
        if (leftMs > 0) await wait(leftMs)
        await gates[way].passes()
        act()
      })
    }
    from.on('data', (piece: Buffer) => then(() => to.writable && to.write(piece)))
    from.on('end', () => then(() => to.end()))
    from.on('close', () => then(() => to.destroy()))
  }
  const accept = async (client: Socket): Promise<void> => {
    keep(client)
    await gates.questions.passes()
    if (client.destroyed) return
    const upstream = keep(connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }))
    lead(client, upstream, 'questions')
    lead(upstream, client, 'answers')
  }
  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    if (isCut) breakOff(client)
    else void accept(client)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')

  const breakAll = () => {
    for (const socket of sockets) breakOff(socket)
  }
  const openGates = () => {
    for (const gate of Object.values(gates)) gate.open()
  }
  return {
    port: address.port,
    open: () => Math.ceil(sockets.size / 2),
    cut: () => {
      isCut = true
      breakAll()
    },
    hang: (held = 'both') => {
      gates.answers.shut()
      if (held === 'both') gates.questions.shut()
    },
    restore: () => {
      isCut = false
      delayMs = 0
      openGates()
    },
    delay: (ms) => {
      delayMs = ms
    },
    turnTo: (port) => {
      target = port
    },
    close: async () => {
      const closed = once(listener, 'close')
      listener.close()
      breakAll()
      openGates()
      await closed
    },
  }
}

/**
 * With a reset. Not where the end of what was said is on its way: Node then leaves the socket half closed, and a thread with
 * one such waits for it for ever when it ends.
 */
const breakOff = (socket: Socket): unknown =>
  socket.writableEnded ? socket.destroy() : socket.resetAndDestroy()

interface Gate {
  readonly passes: () => Promise<void>
  readonly shut: () => void
  readonly open: () => void
}

const createGate = (): Gate => {
  let shut: PromiseWithResolvers<void> | undefined
  return {
    passes: async () => {
      // It may have been shut again since whoever waits was let through.
      while (shut) await shut.promise
    },
    shut: () => {
      shut ??= Promise.withResolvers()
    },
    open: () => {
      shut?.resolve()
      shut = undefined
    },
  }
}
