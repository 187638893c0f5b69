import { expect, test } from 'vitest'
import type { Dialect } from './dialect.ts'
import { findOwner } from './owner.ts'
import type { Route } from './route.ts'

const dialectOf = (name: Dialect['name'], paths: readonly string[], parts: Partial<Dialect> = {}): Dialect =>
  ({ name, routes: paths.map((path) => ({ path }) as Route), ...parts }) as Dialect

const ozura = dialectOf('ozura', ['/tokenize', '/api/applications/key', '/api/v2/theirs'])
const verifone = dialectOf('verifone', ['/api/v2/card', '/api/v2/card/:id'], {
  prefixes: ['/oidc', '/api/v2'],
})
const both = [verifone, ozura]

test.each([
  ['/api/v2/card', 'verifone', '/api/v2/card'],
  ['/api/v2/card/x/y?z', 'verifone', '/api/v2/card/:id'],
  // What begins as its paths do is its own, and what is a route of another's is that one's.
  ['/api/v2/nothing', 'verifone', undefined],
  ['/oidc/api/v2/nothing', 'verifone', undefined],
  ['/oidc/', 'verifone', undefined],
  ['/api/v2/theirs', 'ozura', '/api/v2/theirs'],
  ['/api/v20', undefined, undefined],
  ['/oidcs', undefined, undefined],
  ['/api', undefined, undefined],
  ['/tokenize', 'ozura', '/tokenize'],
])('%s is answered in the words of %s', (url, name, path) => {
  const { dialect, route } = findOwner(both, url)
  expect([dialect?.name, route?.path]).toEqual([name, path])
})

test('of one dialect alone everything is in its words', () => {
  expect(findOwner([ozura], '/nothing')).toEqual({ dialect: ozura })
})
