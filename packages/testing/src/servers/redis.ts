import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './programs.ts'
import { type ServerProcess, startOnFreePort, startServerProcess } from './server-process.ts'

export interface RedisOptions {
  /** Of its own; it is made. */
  readonly folder: string
  /** A free one unless given. */
  readonly port?: number
  /** Nobody gets in unencrypted; with `clientCa`, only who shows a certificate of that authority. All PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string }
  /** The only user, instead of a default one without a password. */
  readonly aclUser?: { readonly name: string; readonly password: string; readonly rules?: string }
  /** Lines of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** What anybody needs who wants to use a server, in whatever process it was started. */
export interface RedisAccess {
  readonly port: number
  readonly folder: string
  /** Without a password. */
  url(database?: number): string
}

export interface RedisServer extends RedisAccess {
  readonly pid: number
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Again, in the same folder and at the same port, as empty as every server that keeps nothing. */
  start(): Promise<void>
}

/** How many numbered databases a server has. */
export const redisDatabases = 4096

/** The path of the server's program, Redis or Valkey, or none on this machine. */
export const findRedis = (): string | undefined => findProgram('redis-server') ?? findProgram('valkey-server')

/** A Redis server of its own at 127.0.0.1 that persists nothing and evicts nothing unless its settings say otherwise. */
export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const program = findRedis()
  if (program === undefined) throw new Error('there is no Redis or Valkey server on this machine')
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  let running: ServerProcess | undefined
  const startAt = async (port: number) => {
    running = await run(program, options, port)
    return port
  }
  const port = options.port === undefined ? await startOnFreePort(startAt) : await startAt(options.port)
  return {
    ...accessRedis(options.folder, port, options),
    get pid() {
      return running?.pid ?? 0
    },
    stop: async () => {
      await running?.end('SIGTERM')
    },
    kill: async () => {
      await running?.end('SIGKILL')
    },
    start: async () => {
      await startAt(port)
    },
  }
}

/** Reaches a server that was started in this folder, perhaps by another process. */
export const accessRedis = (
  folder: string,
  port: number,
  { tls, aclUser }: Pick<RedisOptions, 'tls' | 'aclUser'> = {},
): RedisAccess => {
  const who = aclUser ? `${aclUser.name}@` : ''
  return {
    port,
    folder,
    url: (database = 0) => `${tls ? 'rediss' : 'redis'}://${who}127.0.0.1:${port}/${database}`,
  }
}

const run = (program: string, options: RedisOptions, port: number): Promise<ServerProcess> => {
  const { folder } = options
  const file = join(folder, 'redis.conf')
  writeFileSync(file, configure(options, port), { mode: 0o600 })
  return startServerProcess({
    program,
    args: [file],
    logFile: join(folder, 'redis.log'),
    ready: /Ready to accept connections/,
    onOrphaned: 'SIGKILL',
  })
}

const configure = ({ folder, tls, aclUser, settings }: RedisOptions, port: number): string => {
  const lines = {
    bind: '127.0.0.1',
    port: tls ? '0' : String(port),
    dir: quote(folder),
    daemonize: 'no',
    databases: String(redisDatabases),
    save: '""',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    ...(tls && encrypt(folder, tls, port)),
    ...settings,
  }
  const users = aclUser
    ? ['user default off', `user ${aclUser.name} on >${aclUser.password} ${aclUser.rules ?? '~* &* +@all'}`]
    : []
  return [...Object.entries(lines).map(([name, value]) => `${name} ${value}`), ...users, ''].join('\n')
}

const encrypt = (
  folder: string,
  { certificate, key, clientCa }: NonNullable<RedisOptions['tls']>,
  port: number,
) => {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return quote(join(folder, name))
  }
  return {
    'tls-port': String(port),
    'tls-cert-file': write('server.crt', certificate),
    'tls-key-file': write('server.key', key),
    // Without an authority of clients it still wants some file of certificates to trust.
    'tls-ca-cert-file': write('ca.crt', clientCa ?? certificate),
    'tls-auth-clients': clientCa === undefined ? 'no' : 'yes',
  }
}

const quote = (path: string): string => JSON.stringify(path)
