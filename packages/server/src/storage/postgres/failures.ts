import { UnavailableError } from '@cardkeep/core/errors'

/*
 * What PostgreSQL or the way to it says went wrong, in our words. Its own words may quote what was written, so nothing
 * of them goes any further: not the message, not the detail, and no `cause`.
 */

/** The connection ended, or there is none: whoever has written nothing may try again on another. */
export class ConnectionLost extends UnavailableError {}

/** Another server has taken its place, or will: nothing can be written here, and what is read may be old. */
export class ReadOnlyServer extends ConnectionLost {}

/** A row that must be alone is not, or one that must be there is not. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation'
  readonly table: string | undefined
  constructor(table: string | undefined) {
    super('a row that must be alone is not, or one that must be there is not')
    this.table = table
  }
}

/** Two transactions stood in each other's way; the same again may go through. */
export class TransactionCollision extends UnavailableError {}

/** One statement waited too long, for a lock or for itself; the database is there. */
export class StatementTimeout extends UnavailableError {}

/** An earlier statement of the transaction failed, and this one was not tried. */
export class NotTried extends Error {
  override readonly name = 'NotTried'
}

/** Foreign key, not null (a reference that was looked up and not found), unique. */
const keyViolations = new Set(['23502', '23503', '23505'])
/** Deadlock, serialization. */
const collisions = new Set(['40P01', '40001'])
/** Lock not available, and cancelled: by its timeout or by an operator. */
const timeouts = new Set(['55P03', '57014'])
/** Connections, shutdowns and crashes of the server, and a session that it ended because it was idle for too long. */
const lost = /^(?:08|57P0|25P03)/
const readOnly = '25006'
/** A column, a table, or a function is not there any more: a newer program has changed the schema, and this one will end. */
const otherSchema = new Set(['42703', '42P01', '42883'])
/** Resources, I/O and damaged files, and whoever is not let in. */
const outages = /^(?:53|58|XX|28|3D000)/

/** What an operator can mend, in words. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['28000', 'does not let the vault in: look at the user and at pg_hba.conf'],
  ['28P01', 'does not let the vault in: look at the user and its password'],
  ['3D000', 'is not there: the server has none of this name'],
  ['42501', 'does not give its user all the rights that the vault needs'],
  ['53300', 'has no connection left: see max_connections of the server and CARDKEEP_DATABASE_CONNECTIONS'],
])

/** `undefined` for a mistake of ours. */
export const translateFailure = (error: unknown): Error => {
  if (error instanceof UnavailableError || error instanceof ConstraintViolation) return error
  // Ours, of a value that cannot be read; it says which rule was broken and never the value.
  if (error instanceof RangeError) return error
  const state = sqlStateOf(error)
  if (isPasswordMissing(error))
    return new UnavailableError('the database asks for a password, and none is set')
  if (state === undefined) return new ConnectionLost(`the database cannot be reached (${codeOf(error)})`)
  if (state === '25P02') return new NotTried('an earlier statement failed')
  if (keyViolations.has(state)) return new ConstraintViolation(textOf(error, 'table'))
  if (collisions.has(state))
    return new TransactionCollision(`others changed the same at every attempt (SQLSTATE ${state})`)
  if (timeouts.has(state)) return new StatementTimeout(`the database took too long (SQLSTATE ${state})`)
  if (state === readOnly) return new ReadOnlyServer(`the database only reads (SQLSTATE ${state})`)
  if (otherSchema.has(state))
    return new UnavailableError(`the database lacks what this program knows of it (SQLSTATE ${state})`)
  const refusal = refusals.get(state)
  if (refusal !== undefined) return new UnavailableError(`the database ${refusal} (SQLSTATE ${state})`)
  if (lost.test(state)) return new ConnectionLost(`the database ended the connection (SQLSTATE ${state})`)
  if (outages.test(state)) return new UnavailableError(`the database cannot be used (SQLSTATE ${state})`)
  return new Error(`the database refused a statement (SQLSTATE ${state})`)
}

const sqlStateOf = (error: unknown): string | undefined => {
  const code = textOf(error, 'code')
  // Network failures have codes as well, such as ECONNREFUSED; an SQLSTATE is five characters and comes with a severity.
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && textOf(error, 'severity') !== undefined
    ? code
    : undefined
}

/** By the driver's own words: it has no code for it. */
const isPasswordMissing = (error: unknown): boolean =>
  error instanceof Error &&
  error.message.startsWith('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be')

const codeOf = (error: unknown): string => {
  const code = textOf(error, 'code')
  return code !== undefined && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'the connection ended'
}

const textOf = (error: unknown, field: string): string | undefined => {
  if (typeof error !== 'object' || error === null) return undefined
  const value: unknown = Reflect.get(error, field)
  return typeof value === 'string' ? value : undefined
}
