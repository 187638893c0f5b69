import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { operatorName } from './operator-name.ts'

test('an operator is known by the name of their account', () => {
  expect(operatorName()).toBe(userInfo().username)
})

test('an account without a name, as clusters give containers, is known by its number', () => {
  const nameless = () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(operatorName(nameless)).toMatch(/^uid (?:\d+|unknown)$/)
})
