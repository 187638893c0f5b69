import { readFileSync } from 'node:fs'
import type { Clock, Egress, Store } from '@cardkeep/core/ports'
import type { AuditSinkSettings } from '../config.ts'
import type { Job } from '../jobs/jobs.ts'
import type { Log } from '../log/log.ts'
import { createFileSink } from './file-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { shipAudit } from './ship-audit.ts'
import { type AuditSink, SinkFailure } from './sink.ts'
import { createSyslogSink, type OpenStream } from './syslog-sink.ts'

export interface ShippingParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly egress: Pick<Egress, 'admit' | 'send'>
  readonly openStream: (target: StreamTarget) => ReturnType<OpenStream>
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
  /** Sends what is left, as far as it can be sent, and closes. */
  finish(): Promise<void>
}

const everyMs = 1_000

export const createShipping = (parts: ShippingParts, settings: readonly AuditSinkSettings[]): Shipping => {
  const sinks = settings.map((each) => createSink(parts, each))
  const ships = sinks.map((sink) => shipAndTell(parts, sink))
  return {
    jobs: sinks.map(({ name }, at) => ({
      name: `ship the audit log to ${name}`,
      everyMs,
      run: ships[at] ?? (async () => {}),
    })),
    finish: async () => {
      await Promise.all(ships.map((ship) => ship()))
      await Promise.all(sinks.map((sink) => sink.close()))
    },
  }
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

/** A sink that is away is told of once, and again when it is back. The log waits for it in the database. */
const shipAndTell = ({ log, ...ports }: ShippingParts, sink: AuditSink): (() => Promise<void>) => {
  let isAway = false
  return async () => {
    try {
      await shipAudit(ports, sink)
      if (isAway) log.info('audit.shipping.resumed', { sink: sink.name })
      isAway = false
    } catch (error) {
      if (!isAway) log.error('audit.shipping.failed', { sink: sink.name, reason: reasonOf(error) })
      isAway = true
    }
  }
}

/** What others say may quote data; of theirs only the code is told. */
const reasonOf = (error: unknown): string => {
  if (error instanceof SinkFailure) return error.message
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown'
}
