import { ConfigError, isLoopback, readFilePath, readInteger, readText, type Settings } from './settings.ts'

/** Where everything is kept but the codes. */
export type DatabaseSettings = { readonly type: 'sqlite' } | PostgresSettings

export interface PostgresSettings {
  readonly type: 'postgres'
  /** With user, host, port and database, and without a password; a folder of sockets stands in `?host=`. */
  readonly url: string
  /** Read anew for each connection, so that a password can be changed while the vault runs. */
  readonly passwordFile: string | undefined
  /** From the URL. */
  readonly password: string | undefined
  /** `undefined`: in plain. Without a file the authorities of the system are trusted. */
  readonly tls: { readonly caFile: string | undefined } | undefined
  /** At most so many at once. */
  readonly connections: number
  /** `transaction`: a pooler gives each transaction another connection, so nothing may be kept in one. */
  readonly pooler: 'none' | 'transaction'
}

/** Where codes, and counts of failures, are kept. */
export type CodesSettings = { readonly type: 'memory' } | RedisSettings

export interface RedisSettings {
  readonly type: 'redis'
  /** With host, port and number of the database, perhaps a user, and without a password. */
  readonly url: string
  readonly passwordFile: string | undefined
  /** From the URL. */
  readonly password: string | undefined
  /** `undefined`: in plain. Without a file the authorities of the system are trusted. */
  readonly tls:
    | {
        readonly caFile: string | undefined
        readonly certificateFile: string | undefined
        readonly keyFile: string | undefined
      }
    | undefined
}

export interface BackendSettings {
  readonly database: DatabaseSettings
  readonly codes: CodesSettings
}

export const backendSettingNames = [
  'CARDKEEP_BACKEND_TLS',
  'CARDKEEP_CODES_CA',
  'CARDKEEP_CODES_CERT',
  'CARDKEEP_CODES_KEY',
  'CARDKEEP_CODES_PASSWORD_FILE',
  'CARDKEEP_CODES_URL',
  'CARDKEEP_DATABASE_CA',
  'CARDKEEP_DATABASE_CONNECTIONS',
  'CARDKEEP_DATABASE_PASSWORD_FILE',
  'CARDKEEP_DATABASE_POOLER',
  'CARDKEEP_DATABASE_URL',
] as const

export const readBackends = (settings: Settings): BackendSettings => {
  const database = readDatabase(settings)
  const codes = readCodes(settings)
  const given = settings['CARDKEEP_BACKEND_TLS']
  if (given && given !== 'terminated') throw new ConfigError('CARDKEEP_BACKEND_TLS can only be `terminated`')
  if (given && database.type === 'sqlite' && codes.type === 'memory')
    throw new ConfigError(
      'CARDKEEP_BACKEND_TLS does nothing while neither CARDKEEP_DATABASE_URL nor CARDKEEP_CODES_URL names a server',
    )
  return { database, codes }
}

const onlyForPostgres = [
  'CARDKEEP_DATABASE_CA',
  'CARDKEEP_DATABASE_CONNECTIONS',
  'CARDKEEP_DATABASE_PASSWORD_FILE',
  'CARDKEEP_DATABASE_POOLER',
]

/** Also for a database that a command is told of by other means, with the settings that go with it. */
export const readDatabase = (settings: Settings): DatabaseSettings => {
  const name = 'CARDKEEP_DATABASE_URL'
  const text = settings[name]
  if (text && /^postgres(ql)?:/.test(text)) return readPostgres(settings, text)
  if (text && text !== 'sqlite:')
    throw new ConfigError(
      `${name} takes postgres://USER@HOST:PORT/DATABASE, or \`sqlite:\` for the embedded database in CARDKEEP_DATA`,
    )
  refuseIdle(settings, onlyForPostgres, `${name} names no PostgreSQL`)
  return { type: 'sqlite' }
}

const readPostgres = (settings: Settings, text: string): PostgresSettings => {
  const name = 'CARDKEEP_DATABASE_URL'
  const wrong = (what: string): ConfigError =>
    new ConfigError(
      `${name} ${what}; it takes postgres://USER@HOST:PORT/DATABASE, for a socket with ?host=/FOLDER`,
    )
  // A socket needs no host, and a URL with a user does.
  const url = URL.parse(text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?]|$)/, '$1localhost'))
  if (!url) throw wrong('is not a URL')
  if (url.username === '') throw wrong('names no user')
  const folder = readSocketFolder(url, wrong)
  if (folder === undefined && url.hostname === '') throw wrong('names no host')
  if (url.pathname.length > 1 && url.pathname.indexOf('/', 1) !== -1) throw wrong('names no database')

  const caFile = readFilePath(settings, 'CARDKEEP_DATABASE_CA')
  if (caFile !== undefined && folder !== undefined)
    throw new ConfigError('CARDKEEP_DATABASE_CA does nothing on a socket of this machine')
  const isPlain = folder !== undefined || isLoopback(hostOf(url)) || isTerminated(settings)
  const host = folder === undefined ? url.hostname : 'localhost'
  const database = url.pathname.length > 1 ? url.pathname.slice(1) : url.username
  return {
    type: 'postgres',
    url:
      `postgres://${url.username}@${host}:${url.port || '5432'}/${database}` +
      (folder === undefined ? '' : `?host=${encodeURIComponent(folder)}`),
    ...readPassword(settings, 'CARDKEEP_DATABASE', url),
    tls: isPlain && caFile === undefined ? undefined : { caFile },
    connections: readInteger(settings, 'CARDKEEP_DATABASE_CONNECTIONS', { fallback: 10, min: 2, max: 500 }),
    pooler: readPooler(settings['CARDKEEP_DATABASE_POOLER']),
  }
}

/** Only that: what else drivers take, such as a mode of TLS, is a setting here and could contradict it. */
const readSocketFolder = (url: URL, wrong: (what: string) => ConfigError): string | undefined => {
  if (url.hash !== '') throw wrong('has something behind a #')
  const other = [...url.searchParams.keys()].find((key) => key !== 'host')
  if (other !== undefined) throw wrong('has a parameter other than host')
  const folders = url.searchParams.getAll('host')
  if (folders.length === 0) return undefined
  const [folder = ''] = folders
  if (folders.length > 1 || !folder.startsWith('/'))
    throw wrong('takes one folder of sockets, from / on, in ?host=')
  return folder
}

const readPooler = (text: string | undefined): PostgresSettings['pooler'] => {
  if (text && text !== 'transaction')
    throw new ConfigError('CARDKEEP_DATABASE_POOLER can only be `transaction`')
  return text ? 'transaction' : 'none'
}

const onlyForTls = ['CARDKEEP_CODES_CA', 'CARDKEEP_CODES_CERT', 'CARDKEEP_CODES_KEY']

const readCodes = (settings: Settings): CodesSettings => {
  const name = 'CARDKEEP_CODES_URL'
  const text = settings[name]
  if (text && /^rediss?:/.test(text)) return readRedis(settings, text)
  if (text && text !== 'memory:')
    throw new ConfigError(
      `${name} takes rediss://USER@HOST:PORT/NUMBER, or \`memory:\` for the process's own memory`,
    )
  refuseIdle(settings, [...onlyForTls, 'CARDKEEP_CODES_PASSWORD_FILE'], `${name} names no Redis`)
  return { type: 'memory' }
}

const readRedis = (settings: Settings, text: string): RedisSettings => {
  const name = 'CARDKEEP_CODES_URL'
  const url = URL.parse(text)
  const number = /^\/?(\d*)$/.exec(url?.pathname ?? '-')?.[1]
  if (!url || url.hostname === '' || number === undefined || url.search !== '' || url.hash !== '')
    throw new ConfigError(`${name} takes rediss://USER@HOST:PORT/NUMBER with nothing behind it`)
  const isSecure = url.protocol === 'rediss:'
  if (!isSecure) refuseIdle(settings, onlyForTls, `${name} begins with redis:// and not with rediss://`)
  if (!isSecure && !isLoopback(hostOf(url)) && !isTerminated(settings))
    throw new ConfigError(
      `${name} leads to another machine in plain: let it begin with rediss://, or say ` +
        'CARDKEEP_BACKEND_TLS=terminated if something else encrypts the way',
    )
  const user = url.username === '' ? '' : `${url.username}@`
  return {
    type: 'redis',
    url: `${url.protocol}//${user}${url.hostname}:${url.port || '6379'}/${Number(number)}`,
    ...readPassword(settings, 'CARDKEEP_CODES', url),
    tls: isSecure ? readCodesTls(settings) : undefined,
  }
}

const readCodesTls = (settings: Settings): NonNullable<RedisSettings['tls']> => {
  const certificateFile = readFilePath(settings, 'CARDKEEP_CODES_CERT')
  const keyFile = readFilePath(settings, 'CARDKEEP_CODES_KEY')
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new ConfigError('CARDKEEP_CODES_CERT and CARDKEEP_CODES_KEY go together: give both or neither')
  return { caFile: readFilePath(settings, 'CARDKEEP_CODES_CA'), certificateFile, keyFile }
}

/** Taken out of the URL, which is printed and logged. */
const readPassword = (
  settings: Settings,
  prefix: string,
  url: URL,
): { readonly passwordFile: string | undefined; readonly password: string | undefined } => {
  const passwordFile = readFilePath(settings, `${prefix}_PASSWORD_FILE`)
  if (passwordFile !== undefined && url.password !== '')
    throw new ConfigError(`${prefix}_URL has a password, and ${prefix}_PASSWORD_FILE names another: give one`)
  if (passwordFile !== undefined && readText(passwordFile)?.trim() === '')
    throw new ConfigError(`${prefix}_PASSWORD_FILE names ${passwordFile}, which is empty`)
  // Whoever connects decodes these.
  decode(`${url.username}${url.pathname}`, prefix)
  return { passwordFile, password: url.password === '' ? undefined : decode(url.password, prefix) }
}

const decode = (text: string, prefix: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError(`${prefix}_URL has a % that begins no character: write %25`)
  }
}

const isTerminated = (settings: Settings): boolean => settings['CARDKEEP_BACKEND_TLS'] === 'terminated'

/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1')

/** A setting that has no effect is a mistake, and perhaps one about security. */
const refuseIdle = (settings: Settings, names: readonly string[], why: string): void => {
  const idle = names.find((name) => settings[name])
  if (idle) throw new ConfigError(`${idle} does nothing while ${why}`)
}
