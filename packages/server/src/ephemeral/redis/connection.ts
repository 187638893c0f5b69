import { readFileSync } from 'node:fs'
import { UnavailableError, UnfitError } from '@cardkeep/core/errors'
import { Redis, type RedisOptions } from 'ioredis'
import { markScripts } from './mark-scripts.ts'
import { needDatabase } from './need-database.ts'
import type { Script } from './script.ts'
import { scripts } from './scripts.ts'
import { sessionScripts } from './session-scripts.ts'
import { tryScripts } from './try-scripts.ts'

/** Where the server is and how it is spoken to. */
export interface RedisSettings {
  /** `redis:` or `rediss:`, with host, port, number of the database, perhaps a user, and without a password. */
  readonly url: string
  /** Read anew for each connection, so that a password can be changed while the vault runs. */
  readonly passwordFile: string | undefined
  readonly password: string | undefined
  /** `undefined`: in plain. Files are read anew for each connection; without a CA those of the system are trusted. */
  readonly tls:
    | {
        readonly caFile: string | undefined
        readonly certificateFile: string | undefined
        readonly keyFile: string | undefined
      }
    | undefined
}

/** Hears what becomes of the connection. No text has a password, a URL or anything of a command in it. */
export interface RedisListener {
  /** Once for each time that the server is lost or found unfit. */
  readonly lost?: (reason: string) => void
  readonly back?: () => void
}

/** What time it is in milliseconds, or `'0'`: the server's own clock is asked. */
export type ServerTime = () => string

export type Command = readonly [name: string, ...args: string[]]

export interface RedisConnection {
  /** Waits a moment for the server where it is away, unless told not to; then throws `UnavailableError`. */
  run(script: Script, keys: readonly string[], args: readonly string[], wish?: Wish): Promise<unknown>
  /** A command as it is, to a server that is there, fit or not. */
  call(...command: Command): Promise<unknown>
  /** Asks the server again whether it is fit; throws `UnavailableError` where it is not or is not there. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface Wish {
  /** At once: a caller with another way does not wait for a server that is away, and not for long for one that is slow. */
  readonly patience?: 'none'
  /** Takes away only, so that a server that was found unfit is still rid of codes. */
  readonly isRemoval?: true
}

/** How long a call waits for a connection, and a connection for an answer. */
const patienceMs = 2_000
const longestPauseMs = 1_000
/** How long a caller with another way waits for an answer. */
const hurriedMs = 250

type Call = RedisConnection['call']

/** Says why a server is unfit, or nothing. */
export type Examine = (call: Call) => Promise<string | undefined>

/**
 * One connection. No command is ever sent twice: of a take whose answer was lost nobody knows whether it happened, and
 * to send it again could hand out a second use. Whatever a server or the driver says of a failure is not passed on, because
 * their errors carry the commands with all that they say.
 */
export const connectRedis = (
  settings: RedisSettings,
  examine: Examine,
  listener: RedisListener,
): RedisConnection => {
  /** `connecting` lasts from the moment of a loss until the server has been examined. */
  let state:
    | { readonly type: 'open' | 'connecting' | 'closed' }
    // Whoever removes must not do it in a database of somebody else.
    | { readonly type: 'unfit'; readonly reason: string; readonly mayRemove: boolean } = {
    type: 'connecting',
  }
  let lastReason = 'has not answered yet'
  const waiting = new Set<() => void>()

  const settle = (next: typeof state): void => {
    const before = state
    state = next
    if (next.type === 'connecting') return
    for (const go of waiting) go()
    if (next.type === 'open' && before.type !== 'open') listener.back?.()
    if (next.type === 'unfit' && (before.type !== 'unfit' || before.reason !== next.reason))
      listener.lost?.(next.reason)
  }

  const redis = new Redis(optionsOf(settings))

  const call: Call = async (name, ...args) => {
    try {
      return await redis.call(name, ...args)
    } catch (error) {
      throw unavailable(error)
    }
  }

  const examineServer = async (): Promise<void> => {
    const elsewhere = await needDatabase(call, databaseOf(settings))
    const reason = elsewhere ?? (await examine(call))
    if (reason === undefined) {
      await Promise.all(
        [...scripts, ...sessionScripts, ...markScripts, ...tryScripts].map(({ text }) =>
          call('SCRIPT', 'LOAD', text),
        ),
      )
      settle({ type: 'open' })
    } else settle({ type: 'unfit', reason, mayRemove: elsewhere === undefined })
  }

  redis.on('ready', () => {
    // A connection that breaks meanwhile begins anew by itself; a server that cannot be examined must not be used.
    examineServer().catch((error: unknown) => {
      lastReason = reasonOf(error)
      redis.disconnect(true)
    })
  })
  redis.on('error', (error: Error) => {
    lastReason = reasonOf(error)
  })
  const lose = (): void => {
    if (state.type === 'closed' || state.type === 'connecting') return
    if (state.type === 'open') listener.lost?.(lastReason)
    settle({ type: 'connecting' })
  }
  redis.on('close', lose)
  redis.on('reconnecting', () => Object.assign(redis.options, readFiles(settings)))

  const opened = async (): Promise<void> => {
    if (state.type !== 'connecting') return
    await new Promise<void>((resolve) => {
      const go = (): void => {
        waiting.delete(go)
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(go, patienceMs)
      waiting.add(go)
    })
  }

  const needOpen = async ({ patience, isRemoval }: Wish): Promise<void> => {
    // The driver knows of a loss a moment before it tells.
    if (redis.status !== 'ready') lose()
    if (patience !== 'none') await opened()
    if (state.type === 'unfit' && !(isRemoval && state.mayRemove)) throw new UnfitError(unfit(state.reason))
    if (state.type === 'connecting' || state.type === 'closed')
      throw new UnavailableError(`the server for codes cannot be reached: it ${lastReason}`)
  }

  const evaluate = (
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    { patience }: Wish,
  ): Promise<unknown> => {
    const answer = evaluateNow(script, keys, args)
    return patience === 'none' ? inTime(answer) : answer
  }

  const evaluateNow = async (
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> => {
    try {
      return await redis.evalsha(script.sha, keys.length, ...keys, ...args)
    } catch (error) {
      // Nothing of the script ran: a server that forgot it, as after SCRIPT FLUSH, is told of it again.
      if (!isNoScript(error)) throw error
      await redis.call('SCRIPT', 'LOAD', script.text)
      return redis.evalsha(script.sha, keys.length, ...keys, ...args)
    }
  }

  return {
    run: async (script, keys, args, wish = {}) => {
      if (state.type !== 'open' || redis.status !== 'ready') await needOpen(wish)
      try {
        return await evaluate(script, keys, args, wish)
      } catch (error) {
        if (!isUnsent(error)) throw unavailable(error)
      }
      // The connection broke before it was sent, so it may go out on the next one.
      lose()
      await needOpen(wish)
      return evaluate(script, keys, args, wish).catch((error: unknown) => {
        throw unavailable(error)
      })
    },
    call,
    check: async () => {
      if (redis.status !== 'ready') lose()
      await opened()
      if (state.type === 'open' || state.type === 'unfit') await examineServer()
      await needOpen({ patience: 'none' })
    },
    close: async () => {
      settle({ type: 'closed' })
      redis.disconnect()
    },
  }
}

/** What comes later is nobody's any more. */
const inTime = async (answer: Promise<unknown>): Promise<unknown> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new UnavailableError(slow)), hurriedMs)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const slow = 'the server for codes cannot be used: it did not answer in time'

const unfit = (reason: string): string => `the server for codes is not used: it ${reason}`

const databaseOf = ({ url }: Pick<RedisSettings, 'url'>): number =>
  Number(new URL(url).pathname.slice(1) || '0')

const optionsOf = (settings: RedisSettings) => {
  const url = new URL(settings.url)
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || '6379'),
    db: databaseOf(settings),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...readFiles(settings),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: patienceMs,
    // A server that hangs holds up nobody for longer; its connection is given up, and what was asked on it with it.
    socketTimeout: patienceMs,
    retryStrategy: (times: number) => Math.min(25 * 2 ** Math.min(times, 10), longestPauseMs),
  } satisfies RedisOptions
}

/** What can be changed while the vault runs. */
const readFiles = ({
  url,
  password,
  passwordFile,
  tls,
}: RedisSettings): Pick<RedisOptions, 'password' | 'tls'> => {
  const read = (file: string | undefined): string | undefined => {
    try {
      return file === undefined ? undefined : readFileSync(file, 'utf8')
    } catch {
      // Perhaps being replaced just now. Without it the server refuses, and the next attempt reads it again.
      return undefined
    }
  }
  const secret = passwordFile === undefined ? password : read(passwordFile)?.trim()
  const [ca, cert, key] = [read(tls?.caFile), read(tls?.certificateFile), read(tls?.keyFile)]
  return {
    ...(secret !== undefined && { password: secret }),
    ...(tls && {
      tls: {
        minVersion: 'TLSv1.2',
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...serverNameOf(url),
      },
    }),
  }
}

/** An address is no name: its certificate is judged by the address that was dialled. */
const serverNameOf = (url: string): { readonly servername?: string } => {
  const { hostname } = new URL(url)
  return /^\[|^[\d.]+$/.test(hostname) ? {} : { servername: hostname }
}

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT')

/** By the driver's own words for a command that it does not write and, as it was told to, does not keep either. */
const isUnsent = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("Stream isn't writeable and enableOfflineQueue")

const unavailable = (error: unknown): UnavailableError =>
  error instanceof UnavailableError
    ? error
    : new UnavailableError(`the server for codes cannot be used: it ${reasonOf(error)}`)

/** Of what a server says only its first word, which is a kind of refusal. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'failed'
  const [, word] = /^([A-Z]{2,20})\b/.exec(error.message) ?? []
  if (error.name === 'ReplyError' && word !== undefined) return `answered ${word}`
  const { code } = error as Error & { readonly code?: unknown }
  if (typeof code === 'string' && /^[A-Z_0-9]{2,40}$/.test(code)) return `failed with ${code}`
  if (error.message.startsWith('Socket timeout')) return 'did not answer in time'
  return 'closed the connection'
}
