/** A module that has its seat in few places. Every package has one; of Node's own modules those that are named here. */
export interface Seat {
  readonly module: string
  /** Folders (end with `/`) and files. */
  readonly only: readonly string[]
  /** Names that anyone may take from it. */
  readonly free?: readonly string[]
  readonly instead: string
}

const egressOnly = 'Connections to strangers are opened in packages/server/src/egress/ and nowhere else.'

export const seats: readonly Seat[] = [
  {
    module: 'node:sqlite',
    only: ['packages/server/src/storage/sqlite/database.ts'],
    instead: 'Only packages/server/src/storage/sqlite/database.ts knows the driver; use what it exports.',
  },
  {
    module: 'pg',
    only: ['packages/server/src/storage/postgres/'],
    instead:
      'Only packages/server/src/storage/postgres/ speaks to PostgreSQL; everyone else has a `ServerStore`.',
  },
  {
    module: 'ioredis',
    only: ['packages/server/src/ephemeral/redis/'],
    instead: 'Only packages/server/src/ephemeral/redis/ speaks to Redis; everyone else has an `Ephemeral`.',
  },
  { module: 'undici', only: ['packages/server/src/egress/'], instead: egressOnly },
  {
    module: 'node:net',
    only: ['packages/server/src/egress/'],
    free: ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
    instead: egressOnly,
  },
  { module: 'node:dns', only: ['packages/server/src/egress/'], instead: egressOnly },
  {
    module: 'node:tls',
    only: ['packages/server/src/egress/', 'packages/server/src/http/'],
    instead: `${egressOnly} Listening belongs in http.`,
  },
  ...['node:http', 'node:https', 'node:http2'].map((module) => ({
    module,
    only: ['packages/server/src/http/'],
    instead: `Listening belongs in packages/server/src/http/. ${egressOnly}`,
  })),
  {
    module: 'node:process',
    only: [],
    instead: 'Use the global `process`, so that a reader and this check see what is read of it.',
  },
  {
    module: 'node:module',
    only: ['packages/server/bin/'],
    instead: 'Import by name, so that a reader and this check see what is used.',
  },
  {
    module: 'ipaddr.js',
    only: ['packages/server/src/egress/', 'packages/server/src/http/'],
    instead: 'Addresses are judged where connections are opened or taken: egress and http.',
  },
  {
    module: 'fastify',
    only: ['packages/server/src/http/'],
    instead: 'The framework stays in packages/server/src/http/; a dialect writes routes as data.',
  },
  {
    module: 'typebox',
    only: ['packages/server/src/http/', 'packages/server/src/dialects/'],
    instead: 'Schemas describe a wire; they belong in http and dialects. Core checks with its own functions.',
  },
  {
    module: 'structured-headers',
    only: ['packages/server/src/http/'],
    instead: 'Headers are read in packages/server/src/http/; a dialect takes what was read.',
  },
  {
    module: 'saxes',
    only: ['packages/server/src/http/xml-source.ts'],
    instead: 'XML is checked and cut in packages/server/src/http/xml-source.ts; core writes it.',
  },
  {
    module: 'jose',
    only: ['packages/server/src/keys/open-payload.ts', 'packages/server/src/passport/'],
    instead:
      'What browsers sealed is opened in packages/server/src/keys/open-payload.ts, and access tokens are signed and verified in packages/server/src/passport/; both say what is accepted.',
  },
  {
    module: 'node:worker_threads',
    only: ['packages/server/src/captures/'],
    instead:
      'Threads are started by packages/server/src/captures/capture-worker.ts, which ends those that hang.',
  },
  {
    module: 'pino',
    only: ['packages/server/src/log/log.ts'],
    instead:
      'Only packages/server/src/log/log.ts makes a logger, because it is the one that scrubs card numbers.',
  },
  {
    module: 'openpgp',
    only: ['packages/server/src/captures/', 'packages/elements/src/encrypt-card/'],
    instead:
      'Captured cards are opened in packages/server/src/captures/, and encrypted in packages/elements/src/encrypt-card/.',
  },
  {
    module: 'csv-parse',
    only: ['packages/server/src/bins/'],
    instead: 'Tables of BINs are read in packages/server/src/bins/.',
  },
  {
    module: 'cli-progress',
    only: ['packages/server/src/cli/progress.ts'],
    instead: 'Progress is shown by packages/server/src/cli/progress.ts, on a terminal only.',
  },
  {
    module: 'prom-client',
    only: ['packages/server/src/metrics/registry.ts'],
    instead:
      'Count through the `Meters` of packages/server/src/metrics/registry.ts, whose families are a table.',
  },
  {
    module: 'commander',
    only: ['packages/server/src/cli/'],
    instead: 'Arguments are read in packages/server/src/cli/.',
  },
]

/** Something global that only some places may reach for. */
export interface Reach {
  readonly what: string
  readonly form: RegExp
  /** Folders (end with `/`) and files. */
  readonly only: readonly string[]
  readonly instead: string
}

export const reaches: readonly Reach[] = [
  {
    what: 'reads the environment',
    form: /\bprocess\s*\??\.\s*env\b|\bprocess\s*\[|\benv\b[^;\n=]*\}\s*=\s*process\b/g,
    only: ['packages/server/src/config.ts', 'packages/server/bin/'],
    instead: 'Only packages/server/src/config.ts reads settings; take the value as a parameter.',
  },
  {
    what: 'prints',
    form: /\bconsole\s*\??[.[]|\bprocess\s*\??\.\s*std(?:out|err)\b/g,
    only: ['packages/server/src/cli/', 'packages/server/bin/'],
    instead: 'Only the command line prints; a running vault logs by event name through its logger.',
  },
  {
    what: 'ends the process',
    form: /\bprocess\s*\??\.\s*(?:exit|abort|kill)\b/g,
    only: ['packages/server/src/cli/', 'packages/server/bin/'],
    instead: 'Throw; the command line decides how a process ends, after it has stopped the vault.',
  },
  {
    what: 'opens a connection with a global of the platform',
    form: /(?<![.\w$])(?:globalThis\s*\.\s*)?fetch\s*\(|\bnew\s+(?:WebSocket|EventSource)\b/g,
    only: ['packages/server/src/egress/', 'packages/elements/src/frame/vault.ts'],
    instead: `${egressOnly} A browser reaches the vault through packages/elements/src/frame/vault.ts.`,
  },
  {
    what: 'loads a module past the imports',
    form: /(?<![.\w$])require\s*\(|\bgetBuiltinModule\b/g,
    only: [],
    instead: 'Import by name, so that a reader and this check see what is used.',
  },
  {
    what: 'draws chance that can be guessed',
    form: /\bMath\s*\.\s*random\b/g,
    only: [],
    instead: 'Take `Ids` of packages/core/src/ports.ts for ids and node:crypto for secrets.',
  },
  {
    what: 'reads the time by itself',
    form: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/g,
    only: [
      'packages/server/src/clock.ts',
      'packages/elements/src/frame/main.ts',
      'packages/elements/src/vendor/main.ts',
      'packages/elements/src/encrypt-card/entries/',
    ],
    instead: 'Take `Clock` of packages/core/src/ports.ts, so that a test can set the time.',
  },
]
