import { readFileSync } from 'node:fs'
import { UnavailableError } from '@cardkeep/core/errors'
import { Client, type ClientConfig, Query, types } from 'pg'
import type { Row, SqlValue } from '../sql/values.ts'
import { ConnectionLost, ReadOnlyServer, translateFailure } from './failures.ts'
import type { Patience, PostgresSettings } from './settings.ts'

/** The only place that knows the driver: it opens sessions with our settings and tells apart what can go wrong. */
export interface Database {
  /** Throws `UnavailableError` where that cannot be done now. */
  connect(): Promise<Session>
  /** Ends every session: where one cannot write, the others read what may be old, and would go on doing so. */
  leaveServer(): void
  readonly settings: PostgresSettings
  readonly patience: Patience
}

/** Sent before the answers to what was sent earlier have come; answered in order. */
export interface Session {
  /** Answers each call, or how it failed. Throws `ConnectionLost` where not all of them were answered. */
  send(calls: readonly Call[], limitMs?: number): Promise<readonly Outcome[]>
  /** How many calls are not answered yet. */
  readonly waiting: number
  readonly isOpen: boolean
  /** How often the server has warned of something in an answer that says that all is well. */
  readonly warnings: number
  /** Not since another session of this process was lost: others may have been led to another server since. */
  readonly isCurrent: boolean
  /** To be told once, when the connection has ended, however it did. */
  onEnd(listener: () => void): void
  close(): Promise<void>
}

export interface Statement {
  /** Parsed once for each session, under this name. */
  readonly name: string | undefined
  readonly text: string
}

export interface Call {
  readonly statement: Statement
  readonly values: readonly (SqlValue | Buffer)[]
}

export interface Answer {
  readonly rows: readonly Row[]
  /** How many rows it changed, or answered. */
  readonly count: number
}

export type Outcome = Answer | Error

/** Throws how the call failed, if it did. */
export const needsAnswer = (outcome: Outcome | undefined): Answer => {
  if (outcome instanceof Error) throw outcome
  // Precondition: each call has an outcome.
  if (!outcome) throw new Error('a statement was left without an answer')
  return outcome
}

/** One statement outside of any transaction. */
export const ask = async (session: Session, call: Call, limitMs?: number): Promise<Answer> =>
  needsAnswer((await session.send([call], limitMs))[0])

/** A column that is 1 on a server that only reads: a standby, or one whose place another has taken. */
export const onlyReads = "(current_setting('transaction_read_only') = 'on')::int as only_reads"

export const createDatabase = (settings: PostgresSettings, patience: Patience): Database => {
  const clients = new Set<Client>()
  let losses = 0
  const leaveServer = (): void => {
    for (const client of clients) client.connection.stream.destroy()
  }
  return {
    settings,
    patience,
    leaveServer,
    connect: async () => {
      const before = losses
      let isMade = false
      const client = new Client(configure(settings, patience))
      const session = createSession(client, patience, {
        leaveServer,
        onLost: () => {
          if (isMade) losses++
        },
        isCurrent: () => losses === before,
      })
      try {
        await client.connect()
        // A pooler in transaction mode keeps no settings for a session; what a transaction needs is set inside it.
        if (settings.pooler === 'none') await ask(session, setForSession(patience))
      } catch (error) {
        // Whoever was not let in may still be connected.
        client.connection.stream.destroy()
        throw outageOf(error)
      }
      isMade = true
      clients.add(client)
      session.onEnd(() => clients.delete(client))
      return session
    },
  }
}

/** Nobody is let in, or there is no such database: an operator can change that while the vault waits. */
const outageOf = (error: unknown): UnavailableError => {
  const failure = translateFailure(error)
  return failure instanceof UnavailableError ? failure : new UnavailableError(failure.message)
}

/** What one session has to do with the others of its database. */
interface Others {
  readonly leaveServer: () => void
  readonly onLost: () => void
  readonly isCurrent: () => boolean
}

const createSession = (client: Client, patience: Patience, others: Others): Session => {
  const { statementMs, lockMs, silenceMs } = patience
  /** The server has limits of its own; it is beyond them that its silence means that it is out of reach. */
  const limitOf = (calls: readonly Call[]): number =>
    statementMs + lockMs + silenceMs + calls.length * shareMs
  const listeners: (() => void)[] = []
  let isHeldBack = false
  let isOpen = true
  let isClosing = false
  let waiting = 0
  let warnings = 0
  const ended = (): void => {
    if (!isOpen) return
    isOpen = false
    if (!isClosing) others.onLost()
    for (const listener of listeners) listener()
  }
  client.on('error', ended)
  client.on('end', ended)
  client.on('notice', ({ code }) => {
    if (code === warning) warnings++
  })

  /** All that is sent in one turn of the event loop goes in one piece, and not in a packet for each statement. */
  const holdBack = (): void => {
    if (isHeldBack) return
    isHeldBack = true
    const { stream } = client.connection
    stream.cork()
    process.nextTick(() => {
      isHeldBack = false
      stream.uncork()
    })
  }

  const send = (calls: readonly Call[], limitMs = limitOf(calls)): Promise<readonly Outcome[]> =>
    new Promise((resolve, reject) => {
      const outcomes: Outcome[] = []
      let unanswered = calls.length
      let lost: ConnectionLost | undefined
      if (unanswered === 0) return resolve(outcomes)
      waiting += unanswered
      const timer = setTimeout(() => client.connection.stream.destroy(), limitMs)
      const answered = (at: number, outcome: Outcome): void => {
        outcomes[at] = outcome
        if (outcome instanceof ConnectionLost) lost ??= outcome
        if (outcome instanceof ReadOnlyServer) others.leaveServer()
        waiting--
        if (--unanswered > 0) return
        clearTimeout(timer)
        if (lost) reject(lost)
        else resolve(outcomes)
      }
      holdBack()
      for (const [at, call] of calls.entries())
        client.query(queryOf(call, (outcome) => answered(at, outcome)))
    })

  return {
    send,
    get waiting() {
      return waiting
    },
    get isOpen() {
      return isOpen
    },
    get warnings() {
      return warnings
    },
    get isCurrent() {
      return others.isCurrent()
    },
    onEnd: (listener) => {
      listeners.push(listener)
    },
    close: async () => {
      isClosing = true
      // Where the other side is out of reach nobody says goodbye.
      const timer = setTimeout(() => client.connection.stream.destroy(), silenceMs)
      await client.end()
      clearTimeout(timer)
      ended()
    },
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const warning = '01000'

/** Far more than one of many statements takes. */
const shareMs = 10

const queryOf = ({ statement: { name, text }, values }: Call, done: (outcome: Outcome) => void): Query =>
  new Query(
    {
      text,
      ...(name === undefined ? {} : { name }),
      ...(values.length === 0 && name === undefined ? {} : { values: [...values] }),
      types: parsers,
    },
    (error: unknown, result: { readonly rows: readonly Row[]; readonly rowCount: number | null }) => {
      done(error ? translateFailure(error) : { rows: result.rows, count: result.rowCount ?? 0 })
    },
  )

const configure = (settings: PostgresSettings, patience: Patience): ClientConfig => {
  const { tls } = settings
  return {
    ...placeOf(settings.url),
    password: () => readPassword(settings),
    ssl: tls ? { ...(tls.caFile === undefined ? {} : { ca: readFile(tls.caFile, 'certificate') }) } : false,
    application_name: 'cardkeep',
    connectionTimeoutMillis: patience.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    pipeline: true,
  }
}

/**
 * Settings of a session, as PostgreSQL spells them. Every statement of ours finds its rows by an index, but for those of
 * an operator; a plan made while a table was small, and kept, must not read all of it once it is large.
 */
export const sessionSettings = (patience: Patience): Readonly<Record<string, string | number>> => ({
  statement_timeout: patience.statementMs,
  lock_timeout: patience.lockMs,
  idle_in_transaction_session_timeout: patience.idleInTransactionMs,
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
})

/** By a statement and not as options of the connection, which poolers that give each client a session refuse. */
const setForSession = (patience: Patience): Call => {
  const calls = Object.entries({ ...sessionSettings(patience), ...keepAlives }).map(
    ([name, value]) => `set_config('${name}', '${value}', false)`,
  )
  return { statement: { name: undefined, text: `select ${calls.join(', ')}` }, values: [] }
}

const keepAlives = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 }

const placeOf = (url: string): Pick<ClientConfig, 'host' | 'port' | 'user' | 'database'> => {
  const { hostname, port, username, pathname, searchParams } = new URL(url)
  return {
    host: searchParams.get('host') ?? hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
  }
}

const readPassword = ({ password, passwordFile }: PostgresSettings): string =>
  passwordFile === undefined ? (password ?? '') : readFile(passwordFile, 'password').replace(/\r?\n$/, '')

const readFile = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new UnavailableError(`the file of the database's ${what} cannot be read`)
  }
}

/** https://www.postgresql.org/docs/current/catalog-pg-type.html */
const oids = { bytea: 17, int8: 20 }

/** Numbers of eight bytes come as text; ours all fit into a number, and one that does not is no number of ours. */
const readInt8 = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('the database holds a number that is too large')
  return value
}

/** After `\\x`. Bytes are what every engine answers, and not the driver's own kind of them. */
const readBytea = (text: string): Uint8Array => {
  const bytes = Buffer.from(text.slice(2), 'hex')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

const getTypeParser: typeof types.getTypeParser = (oid: number): unknown => {
  if (oid === oids.int8) return readInt8
  return oid === oids.bytea ? readBytea : types.getTypeParser(oid)
}

const parsers = { getTypeParser }
