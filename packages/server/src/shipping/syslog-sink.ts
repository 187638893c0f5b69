import { hostname } from 'node:os'
import type { Clock } from '@cardkeep/core/ports'
import type { AuditSink } from './sink.ts'

/** A connection that takes bytes. */
export interface ByteStream {
  /** Resolves when the bytes were handed to the system. Throws once the connection is gone. */
  write(bytes: Buffer): Promise<void>
  isOpen(): boolean
  close(): void
}

export type OpenStream = () => Promise<ByteStream>

/**
 * Syslog as RFC 5424 writes it, over TCP or TLS, each message with its length before it (RFC 5425 section 4.3). The
 * protocol acknowledges nothing: what was handed over just before a connection broke may be lost on the way.
 */
export const createSyslogSink = (name: string, open: OpenStream, clock: Clock): AuditSink => {
  let stream: ByteStream | undefined
  return {
    name,
    write: async (lines) => {
      if (!stream?.isOpen()) stream = await open()
      const at = new Date(clock.now()).toISOString()
      try {
        await stream.write(Buffer.concat(lines.map((line) => frame(line, at))))
      } catch (error) {
        stream.close()
        stream = undefined
        throw error
      }
    },
    close: async () => stream?.close(),
  }
}

/** Facility 13, log audit; severity 6, informational. */
const priority = 13 * 8 + 6

const frame = (line: string, at: string): Buffer => {
  const host = hostname().replaceAll(/[^!-~]/g, '') || '-'
  // The line is UTF-8, which RFC 5424 announces by a byte order mark.
  const message = Buffer.from(`<${priority}>1 ${at} ${host} cardkeep - audit - \uFEFF${line}`)
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}
