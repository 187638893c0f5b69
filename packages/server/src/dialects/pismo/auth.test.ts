import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { describe, expect, test } from 'vitest'
import { readBearer, spellCredential } from './auth.ts'

const read = (authorization: string | readonly string[] | undefined): string | undefined => {
  const token = readBearer({ authorization })
  return token && openSecret(token, 'authenticate')
}

describe('the token in the headers', () => {
  test.each([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER   a.b.c  ', 'a.b.c'],
    ['Bearer a b', 'a b'],
    ['Bearer ü', 'ü'],
  ])('%j is read as %j', (header, token) => {
    expect(read(header)).toBe(token)
  })

  test.each([
    [undefined],
    [''],
    ['Bearer'],
    ['Bearer '],
    ['a.b.c'],
    ['Basic YTpi'],
    ['Bearera.b.c'],
    [['Bearer a.b.c']],
  ])('in %j there is none', (header) => {
    expect(read(header)).toBeUndefined()
  })
})

test.each(['test', 'live'] as const)('a %s client has its id and a secret of 256 bits', (environment) => {
  const id = '1b4e28ba-2fa1-4d2e-883f-0016d3cca427' as CredentialId
  const { clientId, clientSecret } = spellCredential(id, environment, new Uint8Array(32).fill(255))
  expect(clientId).toBe(id)
  expect(openSecret(clientSecret, 'hand out')).toBe(`ps_${environment}_${'7'.repeat(51)}q`)
})
