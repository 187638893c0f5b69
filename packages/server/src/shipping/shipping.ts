import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Egress } from '@cardkeep/core/ports'
import type { AuditSinkSettings } from '../config.ts'
import type { Job } from '../jobs/jobs.ts'
import type { Log } from '../log/log.ts'
import { createFileSink } from './file-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { type ShipPorts, shipAudit } from './ship-audit.ts'
import { type AuditSink, SinkFailure } from './sink.ts'
import { createSyslogSink, type OpenStream } from './syslog-sink.ts'

export interface ShippingParts extends ShipPorts {
  readonly log: Log
  readonly egress: Pick<Egress, 'admit' | 'send'>
  readonly openStream: (target: StreamTarget) => ReturnType<OpenStream>
  /** How long a stop waits for places that are slow; ten seconds unless given. */
  readonly finishMs?: number
}

export interface StreamTarget {
  /** `host:port` */
  readonly address: string
  readonly secure: boolean
  /** PEM. */
  readonly ca: string | undefined
}

export interface Shipping {
  /** One for each sink, so that one that hangs holds up no other. */
  readonly jobs: readonly Job[]
  /** The vault stops: jobs end now, also where a place has not answered yet. */
  hurry(): void
  /** Sends what is left, as far as it can be sent in some seconds, and closes. The rest waits for the next start. */
  finish(): Promise<void>
}

const everyMs = 1_000
const usualFinishMs = 10 * secondMs

/** For the egress that it sends by: a stop waits for what was sent, and so not as long as for a provider. */
export const sinkEgress = {
  timeouts: { headersMs: usualFinishMs, bodyMs: usualFinishMs, totalMs: usualFinishMs },
}

export const createShipping = (
  { finishMs = usualFinishMs, ...parts }: ShippingParts,
  settings: readonly AuditSinkSettings[],
): Shipping => {
  const stopping = Promise.withResolvers<void>()
  let deadline = Number.POSITIVE_INFINITY
  const goesOn = (): boolean => parts.clock.monotonic() < deadline
  // A place that is named twice is one: two that append to one file would cut off each other's lines.
  const sinks = [...new Map(settings.map((each) => [each.name, each])).values()].map((each) =>
    createSink(parts, each),
  )
  const ships = sinks.map((sink) => oneAtATime(shipAndTell(parts, sink, goesOn)))

  const finishAll = async (): Promise<void> => {
    await Promise.all(ships.map((ship) => ship.ended()))
    deadline = parts.clock.monotonic() + finishMs
    await Promise.all(ships.map((ship) => shipOrWait(ship, goesOn)))
  }

  return {
    jobs: sinks.map(({ name }, at) => ({
      name: `ship the audit log to ${name}`,
      everyMs,
      run: async () => {
        await Promise.race([ships[at]?.run(), stopping.promise])
      },
    })),
    hurry: () => {
      deadline = Number.NEGATIVE_INFINITY
      stopping.resolve()
    },
    finish: async () => {
      await within(finishMs, finishAll())
      await Promise.all(sinks.map((sink) => sink.close()))
    },
  }
}

const lookAgainMs = 200

/** Another node that ships now may have begun before the last entries were there, or be dead. */
const shipOrWait = async (ship: { run(): Promise<boolean> }, goesOn: () => boolean): Promise<void> => {
  while (!(await ship.run()) && goesOn()) await wait(lookAgainMs)
}

/** A job that was left alone may still be at its last piece, and what comes next must not send it again. */
const oneAtATime = (work: () => Promise<boolean>) => {
  let current: Promise<boolean> | undefined
  return {
    run: (): Promise<boolean> =>
      (current ??= work().finally(() => {
        current = undefined
      })),
    ended: async (): Promise<void> => {
      await current
    },
  }
}

/** Precondition: the work never throws. */
const within = async (ms: number, work: Promise<void>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

const createSink = (
  { egress, openStream, clock }: ShippingParts,
  { type, name, target, secure, caFile, tokenFile }: AuditSinkSettings,
): AuditSink => {
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
  switch (type) {
    case 'file':
      return createFileSink(name, target)
    case 'syslog':
      return createSyslogSink(name, () => openStream({ address: target, secure, ca }), clock)
    case 'http': {
      const readToken = () => (tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim())
      return createHttpSink(egress, { name, url: target, ca, readToken })
    }
  }
}

/** A sink that is away is told of once, and again when it is back. The log waits for it in the database. Answers as `shipAudit`. */
const shipAndTell = (
  { log, ...ports }: ShippingParts,
  sink: AuditSink,
  goesOn: () => boolean,
): (() => Promise<boolean>) => {
  let isAway = false
  return async () => {
    try {
      const isOurs = await shipAudit(ports, sink, goesOn)
      if (isAway && isOurs) log.info('audit.shipping.resumed', { sink: sink.name })
      isAway &&= !isOurs
      return isOurs
    } catch (error) {
      if (!isAway) log.error('audit.shipping.failed', { sink: sink.name, reason: reasonOf(error) })
      isAway = true
      return true
    }
  }
}

/** What others say may quote data; of theirs only the code is told. */
const reasonOf = (error: unknown): string => {
  if (error instanceof SinkFailure) return error.message
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown'
}
