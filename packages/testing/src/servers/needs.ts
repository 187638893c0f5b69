import { findChromium } from './chromium.ts'
import { findGpg } from './gpg.ts'
import { findHaproxy } from './haproxy.ts'
import { findPgbouncer } from './pgbouncer.ts'
import { findPostgres } from './programs.ts'
import { findRedis } from './redis.ts'
import { findStrace } from './strace.ts'

/** What suites need of a machine beside Node. */
const programs = {
  postgres: { find: findPostgres, suites: 'the suites on PostgreSQL', absent: 'no PostgreSQL programs' },
  redis: { find: findRedis, suites: 'the suites on Redis', absent: 'no Redis or Valkey server' },
  pgbouncer: { find: findPgbouncer, suites: 'the suites behind a pooler', absent: 'no pgbouncer' },
  chromium: { find: findChromium, suites: 'the suites in a browser', absent: 'no Chromium' },
  gpg: { find: findGpg, suites: 'the suites with GnuPG', absent: 'no gpg' },
  haproxy: { find: findHaproxy, suites: 'the suite behind a balancer', absent: 'no haproxy' },
  strace: { find: findStrace, suites: 'the suite on a slow disk', absent: 'no strace' },
} as const

export type ServerKind = keyof typeof programs

const kinds = Object.keys(programs) as readonly ServerKind[]

export const findMissing = (): readonly ServerKind[] =>
  kinds.filter((kind) => programs[kind].find() === undefined)

/** Throws where one of these is missing that a run was told to have, and where it was told to have what there is not. */
export const refuseMissing = (missing: readonly ServerKind[], needed = ''): void => {
  const names = needed.split(',').filter((name) => name !== '')
  const strange = names.filter((name) => !kinds.some((kind) => kind === name))
  if (strange.length > 0)
    throw new Error(`there are no suites on ${strange.join(', ')}, but on ${kinds.join(', ')}`)
  const absent = missing.filter((kind) => names.includes(kind)).map((kind) => programs[kind].absent)
  if (absent.length > 0)
    throw new Error(`this run needs ${names.join(', ')}; this machine has ${absent.join(', ')}`)
}

/** One line for each kind of suite that did not run. */
export const spellLeftOut = (missing: readonly ServerKind[]): readonly string[] =>
  missing.map((kind) => `Left out: ${programs[kind].suites} (${programs[kind].absent} on this machine).`)
