import { UnfitError } from '@cardkeep/core/errors'
import { describe, expect, test } from 'vitest'
import { readMigrations } from './migrations.ts'
import { needsFit, readNeeds } from './program-needs.ts'

const needsOf = (text: string, number = 12): number | undefined => readNeeds('0012-a.sql', number, text)

describe('the head of a migration', () => {
  test('says whether programs that do not know it can go on, or which of them', () => {
    expect(needsOf('-- expand\n-- Why.\ncreate table a (b integer);')).toBe(0)
    expect(needsOf('-- contract: needs version 11\ndrop table a;')).toBe(11)
    expect(needsOf('-- outside a transaction: the table is in use\n-- expand\ncreate …')).toBe(0)
  })

  test.each([
    'create table a (b integer);',
    '-- a table\n-- expand\ncreate table a (b integer);',
    '-- expand, or so\ncreate table a (b integer);',
    '-- contract\ndrop table a;',
    '-- contract: needs version 0\ndrop table a;',
  ])('is refused where it says neither: %j', (text) => {
    expect(() => needsOf(text)).toThrow('should begin with -- expand or with -- contract: needs version N')
  })

  test.each([12, 13])('may not keep out the version before, which serves meanwhile: %i', (needs) => {
    expect(() => needsOf(`-- contract: needs version ${needs}\ndrop table a;`)).toThrow('one version later')
  })

  test('says nothing in the first eight, whose text stays as it is', () => {
    expect(needsOf('create table a (b integer);', 8)).toBeUndefined()
    expect(() => needsOf('create table a (b integer);', 9)).toThrow('should begin')
  })

  test('says the same for every engine', () => {
    const said = (engine: 'sqlite' | 'postgres') => readMigrations(engine).map(({ needs }) => needs)
    expect(said('postgres')).toEqual(said('sqlite'))
    expect(said('sqlite').slice(8)).not.toContain(undefined)
  })
})

test('a program fits a database that needs no more than it knows, and is told all versions where it does not', () => {
  expect(() => needsFit({ known: 9, version: 12, needs: 9 })).not.toThrow()
  expect(() => needsFit({ known: 9, version: 12, needs: 10 })).toThrow(UnfitError)
  expect(() => needsFit({ known: 9, version: 12, needs: 10 })).toThrow(
    /schema version 12.*knows version 10.*versions up to 9/,
  )
})
