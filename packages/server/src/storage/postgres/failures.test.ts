import { inspect } from 'node:util'
import { UnavailableError } from '@cardkeep/core/errors'
import { describe, expect, test } from 'vitest'
import {
  ConnectionLost,
  ConstraintViolation,
  NotTried,
  ReadOnlyServer,
  StatementTimeout,
  TransactionCollision,
  translateFailure,
} from './failures.ts'

const secret = 'quoted-by-the-server'
const answered = (code: string): Error =>
  Object.assign(new Error(`invalid input: "${secret}"`), {
    ...{
      code,
      severity: 'ERROR',
      table: 'tokens',
      detail: `Key (hash)=(${secret})`,
      where: secret,
      hint: secret,
    },
  })

describe('what PostgreSQL says went wrong', () => {
  test.each([
    ['23505', ConstraintViolation],
    ['23503', ConstraintViolation],
    ['23502', ConstraintViolation],
    ['40P01', TransactionCollision],
    ['40001', TransactionCollision],
    ['55P03', StatementTimeout],
    ['57014', StatementTimeout],
    ['25P02', NotTried],
    ['25P03', ConnectionLost],
    ['57P01', ConnectionLost],
    ['57P03', ConnectionLost],
    ['08006', ConnectionLost],
    ['25006', ReadOnlyServer],
    ['53100', UnavailableError],
    ['53300', UnavailableError],
    ['28P01', UnavailableError],
    ['42703', UnavailableError],
    ['42P01', UnavailableError],
  ])('is told apart: %s', (state, kind) => {
    const failure = translateFailure(answered(state))
    expect(failure).toBeInstanceOf(kind)
    if (kind === UnavailableError) expect(failure).not.toBeInstanceOf(ConnectionLost)
  })

  test.each(['42601', '22P02', '23514'])('is a mistake of ours: %s', (state) => {
    const failure = translateFailure(answered(state))
    expect(failure).not.toBeInstanceOf(UnavailableError)
    expect(failure).not.toBeInstanceOf(ConstraintViolation)
    expect(failure.message).toContain(state)
  })

  test.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', undefined])(
    'is an outage of the way to it: %s',
    (code) => {
      const failure = translateFailure(Object.assign(new Error(`connect ${secret}`), { code }))
      expect(failure).toBeInstanceOf(ConnectionLost)
      expect(inspect(failure)).not.toContain(secret)
    },
  )

  test.each(['23505', '22P02', '53100', '57P01', '42601'])('is never told in its own words: %s', (state) => {
    const failure = translateFailure(answered(state))
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret)
  })
})
