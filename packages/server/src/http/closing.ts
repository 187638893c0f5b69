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
  let closesAt: number | undefined

  const closeIfAnswered = (): void => {
    const isGraceOver = closesAt !== undefined && performance.now() >= closesAt
    if ([...open].some(({ request }) => request.complete || !isGraceOver)) return
    setTimeout(() => app.server.closeAllConnections(), flushMs).unref()
  }

  app.server.on('request', (request, response) => {
    const exchange = { request, response }
    open.add(exchange)
    response.once('close', () => {
      open.delete(exchange)
      if (closesAt !== undefined) closeIfAnswered()
    })
  })
  app.addHook('preClose', (done) => {
    closesAt = performance.now() + graceMs
    for (const { response } of open) if (!response.headersSent) response.shouldKeepAlive = false
    // The server stops listening right after this hook.
    setImmediate(closeIfAnswered)
    setTimeout(closeIfAnswered, graceMs).unref()
    done()
  })
}
