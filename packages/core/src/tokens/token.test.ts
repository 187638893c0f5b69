import { expect, test } from 'vitest'
import { epochMs } from '../kernel/time.ts'
import { isUsable, type StoredToken, type TokenStatus } from './token.ts'

const at = epochMs(1_000)

const tokenOf = (status: TokenStatus, expiresAt?: number): StoredToken =>
  ({ status, expiresAt: expiresAt === undefined ? undefined : epochMs(expiresAt) }) as StoredToken

test.each([
  ['active', undefined, true],
  ['active', 1_001, true],
  ['active', 1_000, false],
  ['active', 999, false],
  ['suspended', undefined, false],
  ['suspended', 1_001, false],
  ['deleted', undefined, false],
] as const)(
  'whether a token that is %s and expires at %s can be used at 1000 is %s',
  (status, expiresAt, usable) => {
    expect(isUsable(tokenOf(status, expiresAt), at)).toBe(usable)
  },
)
