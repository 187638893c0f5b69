import { expect, test } from 'vitest'
import { refuseMissing, spellLeftOut } from './needs.ts'

test('a run that was not told what it needs takes a machine without servers, and says what it left out', () => {
  expect(() => refuseMissing(['postgres', 'redis', 'pgbouncer'])).not.toThrow()
  expect(spellLeftOut(['postgres'])).toEqual([
    'Left out: the suites on PostgreSQL (no PostgreSQL programs on this machine).',
  ])
  expect(spellLeftOut([])).toEqual([])
})

test('a run that needs a server fails without it, and says which', () => {
  expect(() => refuseMissing(['redis'], 'postgres,redis')).toThrow(
    'this machine has no Redis or Valkey server',
  )
  expect(() => refuseMissing(['redis'], 'postgres')).not.toThrow()
})

test('a need that is misspelt fails instead of being no need', () => {
  expect(() => refuseMissing([], 'postgers')).toThrow('there are no suites on postgers')
})
