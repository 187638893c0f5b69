import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** For requests that have not come whole when the door closes. */
const graceMs = 3_000

/** What was written last gets to the network before its connection ends. */
const flushMs = 100

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Lets a stop end. The server waits for all its connections: callers who keep theirs, or who began a request and never
 * go on, would hold it up for minutes. So every answer is the last of its connection, and once whatever came whole
 * has been answered, the connections that are left are closed.
 */
export const closeAfterAnswers = (app: FastifyInstance): void => {
  const open = new Set<Exchange>()
  let state: 'serving' | 'closing' | 'closing now' = 'serving'

  const closeIfAnswered = (): void => {
    const isGraceOver = state === 'closing now'
    if ([...open].some(({ request }) => request.complete || !isGraceOver)) return
    setTimeout(() => app.server.closeAllConnections(), flushMs).unref()
  }

  app.server.on('request', (request, response) => {
    const exchange = { request, response }
    open.add(exchange)
    response.once('close', () => {
      open.delete(exchange)
      if (state !== 'serving') closeIfAnswered()
    })
  })
  app.addHook('preClose', (done) => {
    state = 'closing'
    for (const { response } of open) if (!response.headersSent) response.shouldKeepAlive = false
    // The server stops listening right after this hook.
    setImmediate(closeIfAnswered)
    // Said by the timer and never by a clock, which may differ from it by a millisecond, and then nobody asks again.
    setTimeout(() => {
      state = 'closing now'
      closeIfAnswered()
    }, graceMs).unref()
    done()
  })
}
