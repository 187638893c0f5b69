/** Where a database is and how it is reached; structurally what the settings of the vault say. */
export interface PostgresSettings {
  /** `postgres://user@host:port/database`, or with `?host=` and the folder of a socket; without a password. */
  readonly url: string
  /** Read anew at each connection, so that a password can be changed while the vault runs. */
  readonly passwordFile: string | undefined
  readonly password: string | undefined
  /** Without it the connection is plain: to this machine, or where something else encrypts it. */
  readonly tls: { readonly caFile: string | undefined } | undefined
  /** At most so many connections from this process. */
  readonly connections: number
  /** A pooler in transaction mode gives each transaction another session: nothing may be left in one. */
  readonly pooler: 'none' | 'transaction'
}

/** How long things may take; milliseconds. */
export interface Patience {
  /** How long a call waits for a database that has gone away. */
  readonly outageMs: number
  readonly connectMs: number
  /** For one statement, and for one that waits for a lock. */
  readonly statementMs: number
  readonly lockMs: number
  /** Between the statements of a transaction: the server ends it then, and with it the locks of a process that hangs. */
  readonly idleInTransactionMs: number
  /** Beyond what the server allows itself: then the way to it is cut, and nobody says so. */
  readonly silenceMs: number
}

export const usualPatience: Patience = {
  outageMs: 5_000,
  connectMs: 5_000,
  statementMs: 10_000,
  lockMs: 2_000,
  idleInTransactionMs: 10_000,
  silenceMs: 2_000,
}
