import { Writable } from 'node:stream'
import { pino } from 'pino'
import type { LogLevel } from '../config.ts'
import { scrubCardNumbers } from './scrub.ts'

/** What the log speaks of; fields are typed per event, so no body, query string or foreign error can slip in. */
export interface LogEvents {
  'vault.started': { readonly listens: string; readonly dialects: string }
  'vault.stopping': { readonly signal: string }
  'vault.stopped': Record<never, never>
  /** Something could not be written or closed; `reason` where a server is away, else where the bug is. */
  'vault.stop.failed': { readonly reason?: string; readonly error?: string; readonly stack?: string }
  /** Another vault serves this database with codes in its own memory, so this one ends. */
  'vault.displaced': Record<never, never>
  /** A newer program has changed the database, which this one can go on with: it serves until it is replaced. */
  'schema.newer': { readonly version: number; readonly known: number }
  /** The database needs a newer program, so this one ends. */
  'schema.outgrown': { readonly version: number; readonly needs: number; readonly known: number }
  'vault.sealed': Record<never, never>
  'vault.unsealed': Record<never, never>
  'request.completed': {
    readonly requestId: string
    readonly method: string
    /** The route's pattern, not the path: a path can hold a session id. */
    readonly route: string
    readonly status: number
    readonly ms: number
    readonly tenantId: string | undefined
    readonly refusal: string | undefined
  }
  /** Where a bug is: name of the error and the stack's places, without its message, which may quote data. */
  'request.bug': { readonly requestId: string; readonly error: string; readonly stack: string }
  /** Nobody caught it, and the process ends. */
  'vault.broken': { readonly error: string; readonly stack: string }
  'job.failed': { readonly job: string; readonly error: string; readonly stack: string }
  /** Something that it needs cannot be reached; said once until it has worked again. */
  'job.waits': { readonly job: string }
  /** Requests that need it are refused until it is back. */
  'backend.away': { readonly backend: 'database' | 'codes' }
  'backend.back': { readonly backend: 'database' | 'codes'; readonly afterSeconds: number }
  /** At the start, before the door opens. */
  'backend.awaited': { readonly backend: 'database' | 'codes'; readonly reason: string }
  /** The tenant brings more codes with captured cards than are remembered for one: further ones are not held. Said once a minute. */
  'captures.full': { readonly tenantId: string }
  'audit.failed': Record<never, never>
  'tls.reloaded': Record<never, never>
  'metrics.failed': { readonly error: string; readonly stack: string }
  /** Nothing is sent to it for a while. The failure is one of our own few words and never what the endpoint said. */
  'webhook.paused': { readonly webhookId: string; readonly failures: number; readonly failure: string }
  'delivery.dead': { readonly delivery: number; readonly webhookId: string; readonly failure: string }
  /** Cards that are due could not be opened, say. They are tried again, and others go on. */
  'rotations.failed': { readonly cards: number; readonly error: string; readonly stack: string }
  'audit.shipping.failed': { readonly sink: string; readonly reason: string }
  'audit.shipping.resumed': { readonly sink: string }
}

export interface Log {
  info<E extends keyof LogEvents>(event: E, fields: LogEvents[E]): void
  warn<E extends keyof LogEvents>(event: E, fields: LogEvents[E]): void
  error<E extends keyof LogEvents>(event: E, fields: LogEvents[E]): void
}

/** Names under which card data and credentials travel; a second fence, since the fields above hold none. */
const redacted = ['cardNumber', 'pan', 'cvv', 'cvc', 'code', 'secret', 'apiKey', 'authorization', 'body']

export const createLog = (level: LogLevel, out: NodeJS.WritableStream): Log => {
  // Whoever read the log may go away; the vault does not go with it, and its lines are lost until someone reads again.
  out.on('error', () => {})
  const scrubber = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, next) => {
      out.write(scrubCardNumbers(line))
      next()
    },
  })
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    scrubber,
  )
  return {
    info: (event, fields) => logger.info({ event, ...fields }),
    warn: (event, fields) => logger.warn({ event, ...fields }),
    error: (event, fields) => logger.error({ event, ...fields }),
  }
}

const place = /^ {4}at .*(?::\d+:\d+\)?|<anonymous>\))$/

/** Name and places of an error, without its message. */
export const describeBug = (error: unknown): { readonly error: string; readonly stack: string } => {
  if (!(error instanceof Error)) return { error: typeof error, stack: '' }
  // The stack begins with the message, whose lines may look like places.
  const { message, stack = '' } = error
  const at = stack.indexOf(message)
  const places = stack
    .slice(at < 0 ? 0 : at + message.length)
    .split('\n')
    .filter((line) => place.test(line))
  return {
    error: error.name,
    stack: places
      .slice(0, 8)
      .map((line) => line.trim())
      .join(' | '),
  }
}
