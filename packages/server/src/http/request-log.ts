import type { FastifyInstance } from 'fastify'
import type { Log } from '../log/log.ts'

/** One line a request. */
export const logRequests = (app: FastifyInstance, log: Log): void => {
  app.addHook('onResponse', (request, reply, done) => {
    log.info('request.completed', {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      tenantId: request.caller?.principal.tenant.id,
      refusal: request.refusal?.type,
    })
    done()
  })
}
