import { UnavailableError } from '@cardkeep/core/errors'
import { expect, test } from 'vitest'
import { createFollower } from './follow-database.ts'

const open = () => {
  const calls: string[] = []
  const told = (name: string) => async () => void calls.push(name)
  const world = { version: 1, sealed: false, doorSealed: false, keysFail: false }
  const follow = createFollower({
    store: { dataVersion: () => world.version, isSealed: async () => world.sealed },
    directory: { forget: () => void calls.push('forget') },
    codes: { dropAll: told('drop all') },
    drops: { keepUp: told('keep up') },
    keyring: {
      reload: async () => {
        if (world.keysFail) throw new UnavailableError('no keys')
        calls.push('reload')
      },
    },
    door: {
      isSealed: () => world.doorSealed,
      setSealed: (sealed) => {
        world.doorSealed = sealed
      },
    },
  })
  return { calls, world, follow }
}

test('the first look passes everything on, and another only what may be new without a change', async () => {
  const { calls, follow } = open()
  await follow()
  expect(calls).toEqual(['forget', 'keep up', 'reload'])
  await follow()
  expect(calls.slice(3)).toEqual(['keep up'])
})

test('what another process wrote is passed on once', async () => {
  const { calls, world, follow } = open()
  await follow()
  world.version++
  await follow()
  await follow()
  expect(calls.filter((call) => call === 'reload')).toHaveLength(2)
  expect(calls.filter((call) => call === 'forget')).toHaveLength(2)
})

test('a sealed vault holds nothing, at every look, whatever else fails', async () => {
  const { calls, world, follow } = open()
  Object.assign(world, { sealed: true, keysFail: true })
  await expect(follow()).rejects.toThrow(UnavailableError)
  expect(world.doorSealed).toBe(true)
  expect(calls).toEqual(['forget', 'drop all', 'keep up'])
  world.keysFail = false
  await follow()
  await follow()
  expect(calls.filter((call) => call === 'drop all')).toHaveLength(3)
  expect(calls.filter((call) => call === 'reload')).toHaveLength(1)
})
