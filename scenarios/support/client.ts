import { appendFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'

export type Json = Readonly<Record<string, unknown>>

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What `Cardkeep-Sent` says. */
  readonly sent: string | undefined
  readonly text: string
  /** The text as a JSON object; empty where it is none. */
  readonly body: Json
}

export interface Call {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface ClientOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Every reply is written here too, so that the end of the run searches it for card numbers. */
  readonly record: string
  readonly dispatcher?: Dispatcher
}

export type Client = (method: Dispatcher.HttpMethod, path: string, call?: Call) => Promise<Reply>

/** Speaks HTTP to a vault. A body of text, bytes or a stream goes as it is, anything else as JSON. */
export const createClient =
  ({ url, headers, record, dispatcher }: ClientOptions): Client =>
  async (method, path, { body, headers: more } = {}) => {
    const response = await request(url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
      body: toBytes(body),
      ...(dispatcher && { dispatcher }),
    })
    const text = await response.body.text()
    appendFileSync(record, `${JSON.stringify(response.headers)}\n${text}\n`)
    const sent = response.headers['cardkeep-sent']
    return {
      status: response.statusCode,
      headers: response.headers,
      sent: typeof sent === 'string' ? sent : undefined,
      text,
      body: parse(text),
    }
  }

const toBytes = (body: unknown): string | Uint8Array | Readable | null => {
  if (body === undefined) return null
  const isReady = typeof body === 'string' || body instanceof Uint8Array || body instanceof Readable
  return isReady ? body : JSON.stringify(body)
}

export const parse = (text: string): Json => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
