import type { FastifyInstance } from 'fastify'
import type { ReadinessState } from './readiness.ts'

/**
 * `/health/live`: the process runs and should not be restarted, sealed or not. `/health/ready`: it can do its work now;
 * otherwise 503 and why: `stopping`, `sealed`, `database`, `audit` or `codes`.
 */
export const mountHealth = (app: FastifyInstance, readiness: ReadinessState): void => {
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const reason = await readiness.check()
    return reason ? reply.code(503).send({ status: 'not ready', reason }) : { status: 'ready' }
  })
}
