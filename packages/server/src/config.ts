import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Dialect } from '@cardkeep/core/codes/policy'
import {
  type BackendSettings,
  backendSettingNames,
  type DatabaseSettings,
  readBackends,
  readDatabase,
} from './config/backends.ts'
import { ConfigError, isLoopback, readInteger, readText, type Settings } from './config/settings.ts'

export type { DatabaseSettings, PostgresSettings } from './config/backends.ts'
export { ConfigError }

/** Every setting of the vault. This file is the only reader of the environment. */
export interface Config extends BackendSettings {
  readonly host: string
  readonly port: number
  /** Folder of the database, absolute. */
  readonly dataFolder: string
  /** File of the root key, absolute; outside the data folder. */
  readonly rootKeyFile: string
  readonly dialects: readonly Dialect[]
  readonly logLevel: LogLevel
  readonly tls: Tls
  /** Addresses whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** How browsers and callers reach the vault, such as `https://vault.example`; `undefined`: as each request says. */
  readonly publicUrl: string | undefined
  readonly codesPerTenant: number
  /** Threads at most that open captured cards. */
  readonly captureWorkers: number
  /** For so long entries of the audit log stay in the database. */
  readonly auditRetentionDays: number
  /** Where the audit log is shipped as it is written. */
  readonly auditSinks: readonly AuditSinkSettings[]
  /** Where the metrics are served, if anywhere: on a port of their own, in plain HTTP. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  /** For so long after it was told to stop the vault says that it is not ready, and still serves. */
  readonly drainSeconds: number
  /** What Node was told beside its arguments; not a setting of ours, but it can open a debugger. */
  readonly nodeOptions: string
}

export type Tls =
  | { readonly type: 'own'; readonly certificateFile: string; readonly keyFile: string }
  /** Something before the vault ends TLS. */
  | { readonly type: 'terminated' }
  | { readonly type: 'none' }

/** A place off this machine, or at least out of the vault's reach, that has the audit log too. */
export interface AuditSinkSettings {
  readonly type: 'file' | 'syslog' | 'http'
  /** As it was given; names it, and holds no secret. */
  readonly name: string
  /** A path, or `host:port`, or a URL. */
  readonly target: string
  /** For syslog: over TLS. */
  readonly secure: boolean
  /** PEM file of the authorities to trust, and no others. */
  readonly caFile: string | undefined
  /** File of a bearer token, for http. */
  readonly tokenFile: string | undefined
}

const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

export const offeredDialects: readonly Dialect[] = ['ozura', 'hellgate', 'verifone', 'pismo']

/** Reads settings from the environment and, below it, from the file that `CARDKEEP_CONFIG` names (`NAME=value` lines). */
export const readConfig = (environment: Settings = process.env): Config => {
  const settings = gather(environment)
  const dataFolder = resolve(settings['CARDKEEP_DATA'] || 'data')
  const config: Config = {
    host: settings['CARDKEEP_HOST'] || '127.0.0.1',
    port: readInteger(settings, 'CARDKEEP_PORT', { fallback: 8080, min: 0, max: 65_535 }),
    dataFolder,
    rootKeyFile: readRootKey(settings['CARDKEEP_ROOT_KEY'], dataFolder),
    dialects: readDialects(settings['CARDKEEP_DIALECTS']),
    logLevel: readLogLevel(settings['CARDKEEP_LOG']),
    tls: readTls(settings),
    trustedProxies: readAddresses(settings['CARDKEEP_TRUSTED_PROXIES']),
    publicUrl: readPublicUrl(settings['CARDKEEP_PUBLIC_URL']),
    codesPerTenant: readInteger(settings, 'CARDKEEP_CODES_PER_TENANT', {
      fallback: 100_000,
      min: 1,
      max: 10_000_000,
    }),
    // One core answers requests; more than four open more cards than it takes.
    captureWorkers: readInteger(settings, 'CARDKEEP_CAPTURE_WORKERS', {
      fallback: Math.max(1, Math.min(availableParallelism() - 1, 4)),
      min: 1,
      max: 64,
    }),
    // PCI DSS 10.5.1 asks for twelve months; some more leave time to archive.
    auditRetentionDays: readInteger(settings, 'CARDKEEP_AUDIT_DAYS', {
      fallback: 400,
      min: 365,
      max: 36_500,
    }),
    auditSinks: readSinks(settings),
    metrics: readMetrics(settings),
    // A balancer that has not noticed after an hour never will.
    drainSeconds: readInteger(settings, 'CARDKEEP_DRAIN_SECONDS', { fallback: 0, min: 0, max: 3_600 }),
    ...readBackends(settings),
    nodeOptions: environment['NODE_OPTIONS'] ?? '',
  }
  refuseUnknown(settings)
  refusePlainListening(config)
  return config
}

const names: readonly string[] = [
  ...backendSettingNames,
  'CARDKEEP_AUDIT_DAYS',
  'CARDKEEP_AUDIT_SHIP',
  'CARDKEEP_AUDIT_SHIP_CA',
  'CARDKEEP_AUDIT_SHIP_TOKEN_FILE',
  'CARDKEEP_CAPTURE_WORKERS',
  'CARDKEEP_CODES_PER_TENANT',
  'CARDKEEP_CONFIG',
  'CARDKEEP_DATA',
  'CARDKEEP_DIALECTS',
  'CARDKEEP_DRAIN_SECONDS',
  'CARDKEEP_HOST',
  'CARDKEEP_LOG',
  'CARDKEEP_METRICS_HOST',
  'CARDKEEP_METRICS_PORT',
  'CARDKEEP_PORT',
  'CARDKEEP_PUBLIC_URL',
  'CARDKEEP_ROOT_KEY',
  'CARDKEEP_TLS',
  'CARDKEEP_TLS_CERT',
  'CARDKEEP_TLS_KEY',
  'CARDKEEP_TRUSTED_PROXIES',
].toSorted()

// Variables of the tools around the vault, not settings of it.
const foreign = /^CARDKEEP_(TEST|KEEP|BENCH|DEMO|API|HELLGATE|VERIFONE|PISMO|PUB|CA|TOKEN|SESSION)(_|$)/

/** A misspelt setting must not be a silent default, least of all one about TLS. */
const refuseUnknown = (settings: Settings): void => {
  const unknown = Object.keys(settings).find(
    (name) => name.startsWith('CARDKEEP_') && !names.includes(name) && !foreign.test(name),
  )
  if (unknown) throw new ConfigError(`${unknown} is not a setting; the settings are ${names.join(', ')}`)
}

const gather = (environment: Settings): Settings => {
  const given = Object.entries(environment).filter(([, value]) => value !== '')
  return { ...readFile(environment['CARDKEEP_CONFIG']), ...Object.fromEntries(given) }
}

/** A database that a command names by its URL, with the password and the authority that the settings give. */
export const readDatabaseAt = (url: string, environment: Settings = process.env): DatabaseSettings =>
  readDatabase({ ...gather(environment), CARDKEEP_DATABASE_URL: url })

const readFile = (path: string | undefined): Settings => {
  if (!path) return {}
  const text = readText(path)
  if (text === undefined) throw new ConfigError(`CARDKEEP_CONFIG names ${path}, which cannot be read`)
  return parseEnv(text)
}

/** Off unless a port is named. They hold no card data, so another host than loopback may be named too. */
const readMetrics = (settings: Settings): Config['metrics'] => {
  const host = settings['CARDKEEP_METRICS_HOST']
  if (settings['CARDKEEP_METRICS_PORT'])
    return {
      host: host || '127.0.0.1',
      port: readInteger(settings, 'CARDKEEP_METRICS_PORT', { fallback: 0, min: 0, max: 65_535 }),
    }
  if (host) throw new ConfigError('CARDKEEP_METRICS_HOST does nothing without CARDKEEP_METRICS_PORT')
  return undefined
}

/** Beside the data folder, not in it: a copy of the database alone must not open its cards. */
const readRootKey = (text: string | undefined, dataFolder: string): string => {
  if (!text) return join(dirname(dataFolder), `${basename(dataFolder)}.keys`, 'root.key')
  const path = text.startsWith('file:') ? text.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : text
  if (/^[a-z0-9-]{2,}:/.test(path))
    throw new ConfigError('CARDKEEP_ROOT_KEY: this version keeps the root key in a file; give its path')
  return resolve(path)
}

const readDialects = (text: string | undefined): readonly Dialect[] => {
  if (!text) return offeredDialects
  const named = text.split(',').map((name) => {
    const dialect = offeredDialects.find((offered) => offered === name.trim())
    if (!dialect)
      throw new ConfigError(`CARDKEEP_DIALECTS: ${name.trim()} is not one of ${offeredDialects.join(', ')}`)
    return dialect
  })
  return [...new Set(named)]
}

const readSinks = (settings: Settings): readonly AuditSinkSettings[] =>
  (settings['CARDKEEP_AUDIT_SHIP'] ?? '')
    .split(/[\s,]+/)
    .filter((text) => text !== '')
    .map((text) => readSink(text, settings))

const sinkForms =
  'file:/PATH, syslog+tls://HOST:PORT, syslog+tcp://HOST:PORT or https://HOST/PATH, separated by spaces'

const readSink = (text: string, settings: Settings): AuditSinkSettings => {
  const caFile = settings['CARDKEEP_AUDIT_SHIP_CA'] || undefined
  const tokenFile = settings['CARDKEEP_AUDIT_SHIP_TOKEN_FILE'] || undefined
  const common = { name: text, secure: true, caFile, tokenFile }
  if (/^file:\/(?!\/)/.test(text)) return { ...common, type: 'file', target: text.slice('file:'.length) }
  const url = URL.parse(text)
  // User information would be a secret in a name that is logged.
  if (url && url.username === '' && url.password === '') {
    const secure = url.protocol === 'syslog+tls:'
    if ((secure || url.protocol === 'syslog+tcp:') && url.host !== '' && url.port !== '')
      return { ...common, type: 'syslog', target: url.host, secure }
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
      return { ...common, type: 'http', target: url.href }
  }
  throw new ConfigError(`CARDKEEP_AUDIT_SHIP takes ${sinkForms}`)
}

const readLogLevel = (text: string | undefined): LogLevel => {
  const level = logLevels.find((known) => known === (text || 'info'))
  if (!level) throw new ConfigError(`CARDKEEP_LOG must be one of ${logLevels.join(', ')}`)
  return level
}

const readTls = (settings: Settings): Tls => {
  const certificateFile = settings['CARDKEEP_TLS_CERT']
  const keyFile = settings['CARDKEEP_TLS_KEY']
  const mode = settings['CARDKEEP_TLS']
  if (mode && mode !== 'terminated') throw new ConfigError('CARDKEEP_TLS can only be `terminated`')
  if (certificateFile && keyFile)
    return { type: 'own', certificateFile: resolve(certificateFile), keyFile: resolve(keyFile) }
  if (certificateFile || keyFile)
    throw new ConfigError('CARDKEEP_TLS_CERT and CARDKEEP_TLS_KEY go together: give both or neither')
  return mode ? { type: 'terminated' } : { type: 'none' }
}

/** Without a slash at the end: paths are put behind it. */
const readPublicUrl = (text: string | undefined): string | undefined => {
  if (!text) return undefined
  const url = URL.parse(text)
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (
    !url ||
    !isPlain ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
  )
    throw new ConfigError('CARDKEEP_PUBLIC_URL is https://HOST[:PORT][/PATH], as others reach the vault')
  return url.href.replace(/\/+$/, '')
}

const readAddresses = (text: string | undefined): readonly string[] => {
  const addresses = (text ?? '').split(',').map((address) => address.trim())
  const given = addresses.filter((address) => address !== '')
  const wrong = given.find((address) => !isAddressOrRange(address))
  if (wrong) throw new ConfigError(`CARDKEEP_TRUSTED_PROXIES: ${wrong} is not an address or a range`)
  return given
}

const isAddressOrRange = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const refusePlainListening = ({ host, tls }: Config): void => {
  if (tls.type === 'none' && !isLoopback(host))
    throw new ConfigError(
      `CARDKEEP_HOST is ${host}, and card data would travel in plain: give CARDKEEP_TLS_CERT and CARDKEEP_TLS_KEY, ` +
        'or say CARDKEEP_TLS=terminated if something before the vault ends TLS',
    )
}
