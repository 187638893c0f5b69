import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { readBackends } from './backends.ts'
import { ConfigError, type Settings } from './settings.ts'

const writeText = (text: string): string => {
  const path = join(makeWorkspace().path, 'file')
  writeFileSync(path, text)
  return path
}

const databaseOf = (url: string, settings: Settings = {}) =>
  readBackends({ ...settings, CARDKEEP_DATABASE_URL: url }).database

const codesOf = (url: string, settings: Settings = {}) =>
  readBackends({ ...settings, CARDKEEP_CODES_URL: url }).codes

/** What is said when these settings are refused. */
const refusalOf = (settings: Settings): string => {
  try {
    readBackends(settings)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

const postgres = 'postgres://vault@127.0.0.1/cards'
const redis = 'redis://127.0.0.1'
const nowhere = '/nowhere/at/all'

describe('a database', () => {
  test.each([undefined, '', 'sqlite:'])('of %s is the embedded one', (url) => {
    expect(readBackends({ CARDKEEP_DATABASE_URL: url }).database).toEqual({ type: 'sqlite' })
  })

  test('of PostgreSQL has all that a driver would otherwise take from its own environment', () => {
    expect(databaseOf('postgres://vault@127.0.0.1')).toEqual({
      type: 'postgres',
      url: 'postgres://vault@127.0.0.1:5432/vault',
      passwordFile: undefined,
      password: undefined,
      tls: undefined,
      connections: 10,
      pooler: 'none',
    })
  })

  test.each([
    ['postgresql://vault@localhost:6000/cards', 'postgres://vault@localhost:6000/cards'],
    ['postgres://va%40ult@[::1]/my%20cards', 'postgres://va%40ult@[::1]:5432/my%20cards'],
    ['postgres://vault@/cards?host=/run/pg', 'postgres://vault@localhost:5432/cards?host=%2Frun%2Fpg'],
    ['postgres://vault@?host=/run/pg', 'postgres://vault@localhost:5432/vault?host=%2Frun%2Fpg'],
    [
      'postgres://vault@far.example:99/cards?host=/run/pg',
      'postgres://vault@localhost:99/cards?host=%2Frun%2Fpg',
    ],
  ])('may be named by %s', (url, kept) => {
    expect(databaseOf(url)).toMatchObject({ url: kept, tls: undefined })
  })

  test.each([
    'mysql://vault@127.0.0.1/cards',
    'sqlite:/elsewhere',
    'cards.db',
    'https://db.example/cards',
    'POSTGRES',
  ])('cannot be %s', (url) => {
    expect(refusalOf({ CARDKEEP_DATABASE_URL: url })).toMatch(/^CARDKEEP_DATABASE_URL takes postgres:\/\//)
  })

  test.each([
    ['postgres://127.0.0.1/cards', 'names no user'],
    ['postgres:cards', 'names no user'],
    ['postgres://vault@127.0.0.1:port/cards', 'is not a URL'],
    ['postgres://vault@127.0.0.1/cards/more', 'names no database'],
    ['postgres://vault@127.0.0.1/cards?sslmode=disable', 'has a parameter other than host'],
    ['postgres://vault@127.0.0.1/cards?host=/run/pg&options=-c', 'has a parameter other than host'],
    ['postgres://vault@127.0.0.1/cards?host=db.example', 'takes one folder of sockets'],
    ['postgres://vault@127.0.0.1/cards?host=/a&host=/b', 'takes one folder of sockets'],
    ['postgres://vault@127.0.0.1/cards#more', 'has something behind a #'],
    ['postgres://va%zzult@127.0.0.1/cards', 'has a % that begins no character'],
    ['postgres://vault@127.0.0.1/%zz', 'has a % that begins no character'],
  ])('of %s is refused: it %s', (url, why) => {
    expect(refusalOf({ CARDKEEP_DATABASE_URL: url })).toContain(`CARDKEEP_DATABASE_URL ${why}`)
  })

  test.each(['1', '0', '501', '-3', '2.5', 'many'])('cannot have %s connections', (count) => {
    expect(refusalOf({ CARDKEEP_DATABASE_URL: postgres, CARDKEEP_DATABASE_CONNECTIONS: count })).toBe(
      'CARDKEEP_DATABASE_CONNECTIONS must be a whole number from 2 to 500',
    )
  })

  test.each(['2', '500'])('can have %s connections', (count) => {
    expect(databaseOf(postgres, { CARDKEEP_DATABASE_CONNECTIONS: count })).toMatchObject({
      connections: Number(count),
    })
  })

  test('may have a pooler before it, of one kind', () => {
    expect(databaseOf(postgres, { CARDKEEP_DATABASE_POOLER: 'transaction' })).toMatchObject({
      pooler: 'transaction',
    })
    for (const pooler of ['session', 'on', 'Transaction'])
      expect(refusalOf({ CARDKEEP_DATABASE_URL: postgres, CARDKEEP_DATABASE_POOLER: pooler })).toBe(
        'CARDKEEP_DATABASE_POOLER can only be `transaction`',
      )
  })

  test.each(['CA', 'CONNECTIONS', 'PASSWORD_FILE', 'POOLER'])('that is embedded has no %s', (name) => {
    expect(refusalOf({ [`CARDKEEP_DATABASE_${name}`]: '5' })).toBe(
      `CARDKEEP_DATABASE_${name} does nothing while CARDKEEP_DATABASE_URL names no PostgreSQL`,
    )
  })
})

describe('codes', () => {
  test.each([undefined, '', 'memory:'])('of %s are in memory', (url) => {
    expect(readBackends({ CARDKEEP_CODES_URL: url }).codes).toEqual({ type: 'memory' })
  })

  test('are on Redis with all that a driver would otherwise assume', () => {
    expect(codesOf(redis)).toEqual({
      type: 'redis',
      url: 'redis://127.0.0.1:6379/0',
      passwordFile: undefined,
      password: undefined,
      tls: undefined,
    })
  })

  test.each([
    ['redis://localhost:7000/3', 'redis://localhost:7000/3'],
    ['redis://[::1]/', 'redis://[::1]:6379/0'],
    ['rediss://vault@codes.example/12', 'rediss://vault@codes.example:6379/12'],
  ])('may be named by %s', (url, kept) => {
    expect(codesOf(url)).toMatchObject({ url: kept })
  })

  test.each(['memcached://127.0.0.1', 'valkey://127.0.0.1', 'memory', 'redis', 'memory:/tmp'])(
    'cannot be on %s',
    (url) => {
      expect(refusalOf({ CARDKEEP_CODES_URL: url })).toMatch(/^CARDKEEP_CODES_URL takes rediss:\/\//)
    },
  )

  test.each([
    'redis:',
    'redis://',
    'redis:///0',
    'redis://127.0.0.1/first',
    'redis://127.0.0.1/1/2',
    'redis://127.0.0.1/-1',
    'redis://127.0.0.1/?db=1',
    'redis://127.0.0.1/#1',
    'redis://127.0.0.1:port',
  ])('of %s are refused', (url) => {
    expect(refusalOf({ CARDKEEP_CODES_URL: url })).toContain('with nothing behind it')
  })

  test.each(['CA', 'CERT', 'KEY', 'PASSWORD_FILE'])('in memory have no %s', (name) => {
    expect(refusalOf({ [`CARDKEEP_CODES_${name}`]: 'x' })).toBe(
      `CARDKEEP_CODES_${name} does nothing while CARDKEEP_CODES_URL names no Redis`,
    )
  })

  test.each(['CA', 'CERT', 'KEY'])('in plain have no %s', (name) => {
    expect(refusalOf({ CARDKEEP_CODES_URL: redis, [`CARDKEEP_CODES_${name}`]: 'x' })).toBe(
      `CARDKEEP_CODES_${name} does nothing while CARDKEEP_CODES_URL begins with redis:// and not with rediss://`,
    )
  })
})

describe('the way to a server', () => {
  const far = 'postgres://vault@db.example/cards'
  const terminated = { CARDKEEP_BACKEND_TLS: 'terminated' }

  test('to PostgreSQL on another machine is always encrypted, and trusts the authorities of the system', () => {
    expect(databaseOf(far)).toMatchObject({ tls: { caFile: undefined } })
    for (const host of ['10.0.0.1', '127.example.com', '0.0.0.0', '[::2]'])
      expect(databaseOf(`postgres://vault@${host}/cards`)).toMatchObject({ tls: { caFile: undefined } })
  })

  test('to PostgreSQL is encrypted anywhere where an authority is named', () => {
    const caFile = writeText('an authority')
    for (const url of [far, postgres])
      expect(databaseOf(url, { ...terminated, CARDKEEP_DATABASE_CA: caFile })).toMatchObject({
        tls: { caFile },
      })
  })

  test.each(['127.0.0.1', '127.9.9.9', '[::1]', 'localhost'])('to %s may be in plain', (host) => {
    expect(databaseOf(`postgres://vault@${host}/cards`)).toMatchObject({ tls: undefined })
    expect(codesOf(`redis://${host}`)).toMatchObject({ tls: undefined })
  })

  test.each(['10.0.0.1', '127.example.com', 'codes.example', '0.0.0.0', '[::2]', 'localhost.example'])(
    'to Redis at %s may not be in plain',
    (host) => {
      expect(refusalOf({ CARDKEEP_CODES_URL: `redis://${host}` })).toMatch(
        /^CARDKEEP_CODES_URL leads to another machine in plain: .*CARDKEEP_BACKEND_TLS=terminated/,
      )
    },
  )

  test('may be encrypted by something else, to both', () => {
    expect(databaseOf(far, terminated)).toMatchObject({ tls: undefined })
    expect(codesOf('redis://codes.example', terminated)).toMatchObject({ tls: undefined })
    expect(codesOf('rediss://codes.example', terminated)).toMatchObject({ tls: { caFile: undefined } })
  })

  test('is encrypted to Redis by what the URL says, with a certificate of the vault where one is named', () => {
    const [caFile, certificateFile, keyFile] = [writeText('a'), writeText('b'), writeText('c')]
    const settings = {
      CARDKEEP_CODES_CA: caFile,
      CARDKEEP_CODES_CERT: certificateFile,
      CARDKEEP_CODES_KEY: keyFile,
    }
    expect(codesOf('rediss://codes.example', settings)).toMatchObject({
      tls: { caFile, certificateFile, keyFile },
    })
    expect(codesOf('rediss://127.0.0.1')).toMatchObject({
      tls: { caFile: undefined, certificateFile: undefined, keyFile: undefined },
    })
  })

  test.each(['CERT', 'KEY'])('is refused with a %s alone', (name) => {
    const settings = {
      CARDKEEP_CODES_URL: 'rediss://codes.example',
      [`CARDKEEP_CODES_${name}`]: writeText('x'),
    }
    expect(refusalOf(settings)).toBe(
      'CARDKEEP_CODES_CERT and CARDKEEP_CODES_KEY go together: give both or neither',
    )
  })

  test('cannot be anything but terminated, and not where there is no way', () => {
    for (const value of ['on', 'Terminated', 'none'])
      expect(refusalOf({ CARDKEEP_DATABASE_URL: far, CARDKEEP_BACKEND_TLS: value })).toBe(
        'CARDKEEP_BACKEND_TLS can only be `terminated`',
      )
    expect(refusalOf(terminated)).toMatch(/^CARDKEEP_BACKEND_TLS does nothing while neither/)
  })

  test('by a socket has no authority', () => {
    const settings = {
      CARDKEEP_DATABASE_URL: 'postgres://vault@/cards?host=/run/pg',
      CARDKEEP_DATABASE_CA: writeText('x'),
    }
    expect(refusalOf(settings)).toBe('CARDKEEP_DATABASE_CA does nothing on a socket of this machine')
  })

  test.each([
    ['CARDKEEP_DATABASE_CA', { CARDKEEP_DATABASE_URL: far }],
    ['CARDKEEP_DATABASE_PASSWORD_FILE', { CARDKEEP_DATABASE_URL: far }],
    ['CARDKEEP_CODES_CA', { CARDKEEP_CODES_URL: 'rediss://codes.example' }],
    ['CARDKEEP_CODES_CERT', { CARDKEEP_CODES_URL: 'rediss://codes.example' }],
    ['CARDKEEP_CODES_KEY', { CARDKEEP_CODES_URL: 'rediss://codes.example' }],
    ['CARDKEEP_CODES_PASSWORD_FILE', { CARDKEEP_CODES_URL: redis }],
  ])('is refused where %s names no file that can be read', (name, settings) => {
    expect(refusalOf({ ...settings, [name]: nowhere })).toBe(`${name} names ${nowhere}, which cannot be read`)
  })
})

describe('a password', () => {
  const withPassword = [
    ['CARDKEEP_DATABASE', 'postgres://vault:s%2Fecret@127.0.0.1/cards'],
    ['CARDKEEP_CODES', 'redis://vault:s%2Fecret@127.0.0.1'],
    ['CARDKEEP_CODES', 'redis://:s%2Fecret@127.0.0.1'],
  ] as const

  test.each(withPassword)('in %s_URL (%s) is taken out of it', (prefix, url) => {
    const { database, codes } = readBackends({ [`${prefix}_URL`]: url })
    const settings = prefix === 'CARDKEEP_CODES' ? codes : database
    expect(settings).toMatchObject({ password: 's/ecret', passwordFile: undefined })
    expect(settings).toHaveProperty('url', expect.not.stringContaining('ecret'))
  })

  test.each(withPassword)('in %s_URL (%s) and another in a file are refused', (prefix, url) => {
    const refusal = refusalOf({ [`${prefix}_URL`]: url, [`${prefix}_PASSWORD_FILE`]: writeText('other') })
    expect(refusal).toBe(`${prefix}_URL has a password, and ${prefix}_PASSWORD_FILE names another: give one`)
  })

  test.each([
    ['CARDKEEP_DATABASE', postgres],
    ['CARDKEEP_CODES', redis],
  ])('of %s may stand in a file, which must not be empty', (prefix, url) => {
    const passwordFile = writeText('secret\n')
    const { database, codes } = readBackends({
      [`${prefix}_URL`]: url,
      [`${prefix}_PASSWORD_FILE`]: passwordFile,
    })
    const settings = prefix === 'CARDKEEP_CODES' ? codes : database
    expect(settings).toMatchObject({ passwordFile, password: undefined })
    const empty = writeText('\n')
    expect(refusalOf({ [`${prefix}_URL`]: url, [`${prefix}_PASSWORD_FILE`]: empty })).toBe(
      `${prefix}_PASSWORD_FILE names ${empty}, which is empty`,
    )
  })

  test.each([
    'postgres://vault:secret@127.0.0.1/cards?sslmode=disable',
    'postgres://vault:secret@127.0.0.1:port/cards',
    'postgres://vault:sec%ret@127.0.0.1/cards',
    'mysql://vault:secret@127.0.0.1/cards',
  ])('is repeated by no refusal, as of %s', (url) => {
    const refusal = refusalOf({ CARDKEEP_DATABASE_URL: url })
    expect(refusal).toMatch(/^CARDKEEP_DATABASE_URL/)
    expect(refusal).not.toMatch(/sec%?ret/)
  })

  test.each([
    'redis://vault:secret@codes.example',
    'redis://vault:secret@127.0.0.1/x',
    'redis://:sec%ret@127.0.0.1',
  ])('of Redis is repeated by no refusal either, as of %s', (url) => {
    const refusal = refusalOf({ CARDKEEP_CODES_URL: url })
    expect(refusal).toMatch(/^CARDKEEP_CODES_URL/)
    expect(refusal).not.toMatch(/sec%?ret/)
  })
})
