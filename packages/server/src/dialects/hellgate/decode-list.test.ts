import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { decodeList } from './decode-list.ts'
import { listQuery } from './wire.ts'

const decode = (query: Readonly<Record<string, string>>) =>
  Check(listQuery, query)
    ? decodeList({
        params: {},
        query,
        headers: {},
        content: 'json',
        baseUrl: '',
        body: undefined,
      })
    : 'refused by its schema'

const listOf = (query: Readonly<Record<string, string>>) => {
  const decoded = decode(query)
  if (typeof decoded === 'string') return decoded
  return decoded.ok ? decoded.value.list : decoded.error
}

test('a list is of fifty tokens, the newest first, unless it is asked for otherwise', () => {
  expect(decode({})).toEqual({
    ok: true,
    value: {
      page: { page: 1, size: 50 },
      list: { from: undefined, before: undefined, order: 'newest first', limit: 50, offset: 0 },
      isEmpty: false,
    },
  })
})

test('a page begins where the one before it ends', () => {
  expect(listOf({ page: '3', limit: '7' })).toMatchObject({ limit: 7, offset: 14 })
  expect(listOf({ page: '999999999', limit: '500' })).toMatchObject({ offset: 499_999_999_000 })
})

test.each(['1', '9', '10', '99', '100', '499', '500'])('a limit of %s is taken', (limit) => {
  expect(listOf({ limit })).toMatchObject({ limit: Number(limit) })
})

test.each([
  ['limit', '0'],
  ['limit', '501'],
  ['limit', '1000'],
  ['limit', '-1'],
  ['limit', '05'],
  ['limit', '1e1'],
  ['limit', ''],
  ['page', '0'],
  ['page', '1.5'],
  ['page', '9999999999'],
  ['sort', 'created_at'],
  ['sort', 'updated_at+asc'],
  ['cursor', 'x'],
])('%s=%s is refused', (name, value) => {
  expect(listOf({ [name]: value })).toBe('refused by its schema')
})

test.each([
  ['created_at+asc', 'oldest first'],
  ['created_at asc', 'oldest first'],
  ['created_at+desc', 'newest first'],
  ['created_at desc', 'newest first'],
])('the order %s is the %s', (sort, order) => {
  expect(listOf({ sort })).toMatchObject({ order })
})

describe('a time', () => {
  const day = Date.UTC(2026, 1, 28)

  test('that is a day begins at midnight in UTC, and its whole day belongs to a list up to it', () => {
    expect(listOf({ from: '2026-02-28', to: '2026-02-28' })).toMatchObject({
      from: day,
      before: day + 86_400_000,
    })
  })

  test.each([
    ['2026-02-28T01:02:03Z', 3_723_000],
    ['2026-02-28t01:02:03.5z', 3_723_500],
    ['2026-02-28T01:02:03.123456Z', 3_723_123],
    ['2026-02-28T01:02:03+01:00', 123_000],
    ['2026-02-28T01:02:03 01:00', 123_000],
    ['2026-02-28T01:02:03-01:00', 7_323_000],
  ])('that is %s is a moment, which belongs to both lists', (text, ms) => {
    expect(listOf({ from: text })).toMatchObject({ from: day + ms })
    expect(listOf({ to: text })).toMatchObject({ before: day + ms + 1 })
  })

  test.each([
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '2026-2-1',
    'yesterday',
    '2026-02-28T25:00:00Z',
    '2026-02-28T01:02:03',
    '',
  ])('that is "%s" is none', (text) => {
    expect(listOf({ from: text })).toEqual({ type: 'InvalidField', field: 'from' })
    expect(listOf({ to: text })).toEqual({ type: 'InvalidField', field: 'to' })
  })
})

test.each([
  ['not_available', false],
  ['active,not_available', false],
  ['active', true],
  ['pending,failed,deleted,inactive', true],
])('of the network token status %s there are none: %s', (statuses, isEmpty) => {
  expect(decode({ network_token_status: statuses })).toMatchObject({ value: { isEmpty } })
})

test.each(['', 'active,', 'ACTIVE', 'unknown'])('the network token status "%s" is refused', (text) => {
  expect(listOf({ network_token_status: text })).toEqual({
    type: 'InvalidField',
    field: 'network_token_status',
  })
})
