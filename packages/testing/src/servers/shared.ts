import { describe, test } from 'vitest'
import { findPgbouncer } from './pgbouncer.ts'
import { accessPostgres, type PostgresAccess } from './postgres-access.ts'
import { accessRedis, type RedisAccess } from './redis.ts'
import { sharedVariables } from './shared-variables.ts'

interface Place {
  readonly port: number
  readonly folder: string
}

/** The PostgreSQL server of this test run; `undefined` where the machine has none. */
export const sharedPostgres = (): PostgresAccess | undefined => {
  const place = placeOf('postgres')
  return place && accessPostgres(place.folder, place.port)
}

/** The Redis server of this test run; `undefined` where the machine has none. */
export const sharedRedis = (): RedisAccess | undefined => {
  const place = placeOf('redis')
  return place && accessRedis(place.folder, place.port)
}

const placeOf = (kind: keyof typeof sharedVariables): Place | undefined => {
  const text = process.env[sharedVariables[kind]]
  return text ? (JSON.parse(text) as Place) : undefined
}

/** A suite that needs PostgreSQL; where there is none, one skipped test says what was left out. */
export const describeOnPostgres = (name: string, body: (server: PostgresAccess) => void): void => {
  const server = sharedPostgres()
  if (server) describe(name, () => body(server))
  else test(`left out: ${name}`, (context) => context.skip(true, 'this machine has no PostgreSQL programs'))
}

/** A suite that needs Redis or Valkey; where there is none, one skipped test says what was left out. */
export const describeOnRedis = (name: string, body: (server: RedisAccess) => void): void => {
  const server = sharedRedis()
  if (server) describe(name, () => body(server))
  else
    test(`left out: ${name}`, (context) => context.skip(true, 'this machine has no Redis or Valkey server'))
}

/** A suite that needs a pooler before PostgreSQL; where one is missing, one skipped test says what was left out. */
export const describeOnPgbouncer = (name: string, body: (server: PostgresAccess) => void): void => {
  if (findPgbouncer()) describeOnPostgres(name, body)
  else test(`left out: ${name}`, (context) => context.skip(true, 'this machine has no pgbouncer'))
}

/** A suite that needs both; where one is missing, one skipped test says what was left out. */
export const describeOnBoth = (
  name: string,
  body: (postgres: PostgresAccess, redis: RedisAccess) => void,
): void => {
  const redis = sharedRedis()
  if (redis) describeOnPostgres(name, (postgres) => body(postgres, redis))
  else
    test(`left out: ${name}`, (context) => context.skip(true, 'this machine has no Redis or Valkey server'))
}
