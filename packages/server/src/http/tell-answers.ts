import type { FastifyInstance } from 'fastify'

/** What was answered, in few words: no field can hold a path or anything else that a caller chose. */
export interface Answered {
  /** `none` where no dialect was asked. */
  readonly dialect: string
  /** The route's pattern; `none` where there is none. */
  readonly route: string
  readonly method: string
  readonly status: number
  readonly refusal: string | undefined
  readonly seconds: number
}

/** Tells of every answer when its last byte has been handed over. */
export const tellAnswers = (app: FastifyInstance, tell: (answer: Answered) => void): void => {
  app.addHook('onResponse', (request, reply, done) => {
    const { config, url } = request.routeOptions
    tell({
      dialect: config.dialect?.name ?? 'none',
      route: url ?? 'none',
      method: url === undefined ? 'none' : request.method,
      status: reply.statusCode,
      refusal: request.refusal?.type,
      seconds: reply.elapsedTime / 1000,
    })
    done()
  })
}
