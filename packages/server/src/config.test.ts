import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

type Settings = Parameters<typeof readConfig>[0]

const writeSettings = (text: string): string => {
  const path = join(makeWorkspace().path, 'settings')
  writeFileSync(path, text)
  return path
}

/** What is said when these settings are refused. */
const refusalOf = (settings: Settings): string => {
  try {
    readConfig(settings)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

test('without any setting the vault listens on loopback and keeps its root key beside its data', () => {
  expect(readConfig({})).toEqual({
    host: '127.0.0.1',
    port: 8080,
    dataFolder: resolve('data'),
    rootKeyFile: resolve('data.keys', 'root.key'),
    dialects: ['ozura', 'hellgate', 'verifone', 'pismo'],
    logLevel: 'info',
    tls: { type: 'none' },
    trustedProxies: [],
    publicUrl: undefined,
    codesPerTenant: 100_000,
    captureWorkers: Math.max(1, Math.min(availableParallelism() - 1, 4)),
    auditRetentionDays: 400,
    auditSinks: [],
    metrics: undefined,
    drainSeconds: 0,
    database: { type: 'sqlite' },
    codes: { type: 'memory' },
    nodeOptions: '',
  })
})

test('every setting is read', () => {
  const config = readConfig({
    CARDKEEP_HOST: '0.0.0.0',
    CARDKEEP_PORT: '0',
    CARDKEEP_DATA: join('some', 'folder'),
    CARDKEEP_ROOT_KEY: join('elsewhere', 'root'),
    CARDKEEP_DIALECTS: ' ozura ',
    CARDKEEP_LOG: 'error',
    CARDKEEP_TLS_CERT: 'cert.pem',
    CARDKEEP_TLS_KEY: 'key.pem',
    CARDKEEP_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16,2001:db8::/32, ::1',
    CARDKEEP_PUBLIC_URL: 'https://vault.example/',
    CARDKEEP_CODES_PER_TENANT: '7',
    CARDKEEP_CAPTURE_WORKERS: '3',
    CARDKEEP_METRICS_PORT: '9464',
    CARDKEEP_DRAIN_SECONDS: '20',
    CARDKEEP_DATABASE_URL: 'sqlite:',
    CARDKEEP_CODES_URL: 'memory:',
    NODE_OPTIONS: '--inspect',
    PATH: 'is not ours',
  })
  expect(config).toEqual({
    host: '0.0.0.0',
    port: 0,
    dataFolder: resolve('some', 'folder'),
    rootKeyFile: resolve('elsewhere', 'root'),
    dialects: ['ozura'],
    logLevel: 'error',
    tls: { type: 'own', certificateFile: resolve('cert.pem'), keyFile: resolve('key.pem') },
    trustedProxies: ['10.0.0.1', '192.168.0.0/16', '2001:db8::/32', '::1'],
    publicUrl: 'https://vault.example',
    codesPerTenant: 7,
    captureWorkers: 3,
    auditRetentionDays: 400,
    auditSinks: [],
    metrics: { host: '127.0.0.1', port: 9464 },
    drainSeconds: 20,
    database: { type: 'sqlite' },
    codes: { type: 'memory' },
    nodeOptions: '--inspect',
  })
})

test('an empty setting is as none', () => {
  const empty = [
    'HOST',
    'PORT',
    'DATA',
    'ROOT_KEY',
    'DIALECTS',
    'LOG',
    'TLS',
    'TLS_CERT',
    'TLS_KEY',
    'TRUSTED_PROXIES',
    'PUBLIC_URL',
    'CODES_PER_TENANT',
    'DATABASE_URL',
    'CODES_URL',
    'CONFIG',
  ]
  const settings = Object.fromEntries(empty.map((name) => [`CARDKEEP_${name}`, '']))
  expect(readConfig(settings)).toEqual(readConfig({}))
})

describe('a setting that is not known is refused', () => {
  test.each([
    'CARDKEEP_TSL_CERT',
    'CARDKEEP_TLSCERT',
    'CARDKEEP_PROT',
    'CARDKEEP_',
    'CARDKEEP_TESTING',
    'CARDKEEP_TLS_CA',
  ])('as %s', (name) => {
    const refusal = refusalOf({ [name]: 'x' })
    expect(refusal).toMatch(new RegExp(`^${name} is not a setting`))
    expect(refusal).toContain('CARDKEEP_TLS_CERT')
    expect(refusal).toContain('CARDKEEP_TRUSTED_PROXIES')
  })

  test('in the file as well', () => {
    expect(refusalOf({ CARDKEEP_CONFIG: writeSettings('CARDKEEP_PROT=1\n') })).toMatch(
      /^CARDKEEP_PROT is not a setting/,
    )
  })

  test.each([
    'CARDKEEP_TEST_RUN_FOLDER',
    'CARDKEEP_KEEP_TEST_FOLDER',
    'CARDKEEP_DEMO_URL',
    'CARDKEEP_TOKEN',
    'cardkeep_port',
    'XCARDKEEP_PORT',
  ])('but %s belongs to something else', (name) => {
    expect(readConfig({ [name]: 'x' })).toEqual(readConfig({}))
  })
})

describe('TLS', () => {
  const anywhere = { CARDKEEP_HOST: '0.0.0.0' }

  test.each([
    ['a certificate without a key', { CARDKEEP_TLS_CERT: 'c' }],
    ['a key without a certificate', { CARDKEEP_TLS_KEY: 'k' }],
    ['a certificate without a key, behind something', { CARDKEEP_TLS_CERT: 'c', CARDKEEP_TLS: 'terminated' }],
  ])('with %s is refused', (_, settings) => {
    expect(refusalOf(settings)).toBe(
      'CARDKEEP_TLS_CERT and CARDKEEP_TLS_KEY go together: give both or neither',
    )
  })

  test.each(['on', 'off', 'true', 'Terminated', 'none', 'terminated '])('cannot be "%s"', (value) => {
    expect(refusalOf({ CARDKEEP_TLS: value })).toBe('CARDKEEP_TLS can only be `terminated`')
  })

  test('may end before the vault, anywhere', () => {
    expect(readConfig({ ...anywhere, CARDKEEP_TLS: 'terminated' }).tls).toEqual({ type: 'terminated' })
  })

  test('of its own serves anywhere', () => {
    expect(readConfig({ ...anywhere, CARDKEEP_TLS_CERT: 'c', CARDKEEP_TLS_KEY: 'k' }).tls.type).toBe('own')
  })

  test.each(['127.0.0.1', '127.255.255.254', '::1', 'localhost'])('may be missing on %s', (host) => {
    expect(readConfig({ CARDKEEP_HOST: host })).toMatchObject({ host, tls: { type: 'none' } })
  })

  test.each([
    '0.0.0.0',
    '::',
    '192.168.0.7',
    '10.127.0.1',
    '128.0.0.1',
    'vault.example',
    '127.example.com',
    '127.0.0.1.example.com',
    '127.0.0',
    'localhost.example.com',
    '::ffff:0.0.0.0',
    '*',
  ])('may not be missing on %s', (host) => {
    const refusal = refusalOf({ CARDKEEP_HOST: host })
    expect(refusal).toContain(`CARDKEEP_HOST is ${host}, and card data would travel in plain`)
    expect(refusal).toContain('CARDKEEP_TLS_CERT')
    expect(refusal).toContain('CARDKEEP_TLS=terminated')
  })
})

describe('numbers', () => {
  test.each(['-1', '65536', '80.5', '0x50', '1e3', ' 80', '80 ', 'http', '99999999999999999999'])(
    '%s is no port',
    (port) => {
      expect(refusalOf({ CARDKEEP_PORT: port })).toBe('CARDKEEP_PORT must be a whole number from 0 to 65535')
    },
  )

  test.each(['0', '10000001', '-5', 'many'])('%s is no number of codes', (count) => {
    expect(refusalOf({ CARDKEEP_CODES_PER_TENANT: count })).toBe(
      'CARDKEEP_CODES_PER_TENANT must be a whole number from 1 to 10000000',
    )
  })

  test.each(['3601', '-1', '1.5', 'soon'])('%s is no time to drain', (seconds) => {
    expect(refusalOf({ CARDKEEP_DRAIN_SECONDS: seconds })).toBe(
      'CARDKEEP_DRAIN_SECONDS must be a whole number from 0 to 3600',
    )
  })

  test.each([0, 1, 65_535])('%i is a port', (port) => {
    expect(readConfig({ CARDKEEP_PORT: String(port) }).port).toBe(port)
  })
})

describe('the root key', () => {
  test('is kept beside the data folder and not in it', () => {
    const { path } = makeWorkspace()
    const config = readConfig({ CARDKEEP_DATA: join(path, 'vault') })
    expect(config.rootKeyFile).toBe(join(path, 'vault.keys', 'root.key'))
    expect(config.rootKeyFile.startsWith(`${config.dataFolder}/`)).toBe(false)
  })

  test('may be named by a path or by a URL of a file', () => {
    const path = join(makeWorkspace().path, 'root')
    for (const text of [path, `file:${path}`, `file:${'//'}${path}`])
      expect(readConfig({ CARDKEEP_ROOT_KEY: text }).rootKeyFile).toBe(path)
    expect(readConfig({ CARDKEEP_ROOT_KEY: 'file:relative' }).rootKeyFile).toBe(resolve('relative'))
  })

  test.each(['vault:transit/keys/root', 'aws-kms:alias/root', 'pkcs11:token=x', 'https:example.com'])(
    'cannot be kept at %s by this version',
    (text) => {
      expect(refusalOf({ CARDKEEP_ROOT_KEY: text })).toMatch(
        /^CARDKEEP_ROOT_KEY: this version keeps the root key in a file/,
      )
    },
  )
})

test.each([
  ['visa', 'visa'],
  ['ozura,visa', 'visa'],
  ['ozura,', ''],
  ['OZURA', 'OZURA'],
])('the dialects "%s" are refused', (text, wrong) => {
  expect(refusalOf({ CARDKEEP_DIALECTS: text })).toBe(
    `CARDKEEP_DIALECTS: ${wrong} is not one of ozura, hellgate, verifone, pismo`,
  )
})

describe('the way in which others reach the vault', () => {
  test.each([
    ['https://vault.example', 'https://vault.example'],
    ['https://Vault.example:443/', 'https://vault.example'],
    ['https://example.com/vault//', 'https://example.com/vault'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ])('is %s, without a slash at the end', (text, url) => {
    expect(readConfig({ CARDKEEP_PUBLIC_URL: text }).publicUrl).toBe(url)
  })

  test.each([
    'vault.example',
    'http://vault.example',
    'https://me:secret@vault.example',
    'https://vault.example/?a=b',
    'https://vault.example/#a',
    'ftp://127.0.0.1',
  ])('is never %s', (text) => {
    expect(refusalOf({ CARDKEEP_PUBLIC_URL: text })).toBe(
      'CARDKEEP_PUBLIC_URL is https://HOST[:PORT][/PATH], as others reach the vault',
    )
  })
})

test('a dialect that is named twice is offered once', () => {
  expect(readConfig({ CARDKEEP_DIALECTS: 'ozura, ozura' }).dialects).toEqual(['ozura'])
})

test.each(['trace', 'INFO', 'quiet'])('%s is no level of the log', (level) => {
  expect(refusalOf({ CARDKEEP_LOG: level })).toBe(
    'CARDKEEP_LOG must be one of silent, error, warn, info, debug',
  )
})

test.each([
  'proxy.example',
  '10.0.0',
  '10.0.0.1/33',
  '::1/129',
  '10.0.0.1/',
  '10.0.0.1/x',
  '10.0.0.1/8/9',
  '10.0.0.1 10.0.0.2',
  '*',
  'true',
])('the trusted proxy "%s" is refused', (text) => {
  expect(refusalOf({ CARDKEEP_TRUSTED_PROXIES: `10.9.9.9,${text}` })).toBe(
    `CARDKEEP_TRUSTED_PROXIES: ${text} is not an address or a range`,
  )
})

describe('the file of settings', () => {
  test('is read as lines of NAME=value', () => {
    const path = writeSettings('# ours\nCARDKEEP_PORT=9000\n\nCARDKEEP_LOG="warn" # loud enough\nOTHER=x\n')
    expect(readConfig({ CARDKEEP_CONFIG: path })).toMatchObject({ port: 9000, logLevel: 'warn' })
  })

  test('stands below the environment', () => {
    const path = writeSettings('CARDKEEP_PORT=9000\nCARDKEEP_LOG=warn\n')
    const config = readConfig({ CARDKEEP_CONFIG: path, CARDKEEP_PORT: '9001' })
    expect(config).toMatchObject({ port: 9001, logLevel: 'warn' })
  })

  test('can take TLS away from nobody', () => {
    const path = writeSettings('CARDKEEP_HOST=0.0.0.0\n')
    expect(refusalOf({ CARDKEEP_CONFIG: path })).toContain('card data would travel in plain')
  })

  test('says nothing about Node', () => {
    const path = writeSettings('NODE_OPTIONS=--inspect\n')
    expect(readConfig({ CARDKEEP_CONFIG: path }).nodeOptions).toBe('')
  })

  test('is refused if it cannot be read', () => {
    const path = join(makeWorkspace().path, 'nowhere')
    expect(refusalOf({ CARDKEEP_CONFIG: path })).toBe(`CARDKEEP_CONFIG names ${path}, which cannot be read`)
  })
})

describe('metrics', () => {
  test('are served nowhere unless a port is named, and on loopback unless a host is', () => {
    expect(readConfig({}).metrics).toBeUndefined()
    expect(readConfig({ CARDKEEP_METRICS_PORT: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 })
    const elsewhere = { CARDKEEP_METRICS_PORT: '0', CARDKEEP_METRICS_HOST: '10.0.0.7' }
    expect(readConfig(elsewhere).metrics).toEqual({ host: '10.0.0.7', port: 0 })
  })

  test('a port that is none, and a host alone, are refused', () => {
    expect(refusalOf({ CARDKEEP_METRICS_PORT: '70000' })).toContain('CARDKEEP_METRICS_PORT')
    expect(refusalOf({ CARDKEEP_METRICS_HOST: '10.0.0.7' })).toContain('CARDKEEP_METRICS_PORT')
  })
})
