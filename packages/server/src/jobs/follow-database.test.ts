import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createFollower } from './follow-database.ts'

const open = ({ areCodesShared = false } = {}) => {
  const clock = createFixedClock()
  const looks: number[] = []
  const calls: string[] = []
  const told = (name: string) => async () => void calls.push(name)
  const world = { version: 1, sealed: false, doorSealed: false, keysFail: false, isAway: false }
  const follow = createFollower({
    store: {
      dataVersion: async () => {
        if (world.isAway) throw new UnavailableError('no database')
        // As long as a database on another machine takes.
        clock.advance(5)
        return world.version
      },
      isSealed: async () => world.sealed,
    },
    directory: {
      forget: () => void calls.push('forget'),
      lookedAt: (at) => void looks.push(at),
    },
    codes: { dropAll: told('drop all') },
    sessions: { dropAll: told('drop sessions') },
    sessionKeys: { dropAll: told('drop keys') },
    captures: { dropAll: told('drop workers') },
    cvvs: { dropAll: () => void calls.push('drop cvks') },
    drops: areCodesShared ? undefined : { keepUp: told('keep up') },
    clock,
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
  return { calls, looks, clock, world, follow }
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
  expect(calls).toEqual([
    'forget',
    'drop cvks',
    'drop all',
    'drop sessions',
    'drop keys',
    'drop workers',
    'keep up',
  ])
  world.keysFail = false
  await follow()
  await follow()
  for (const drop of ['drop cvks', 'drop all', 'drop sessions', 'drop keys', 'drop workers'])
    expect(calls.filter((call) => call === drop)).toHaveLength(3)
  expect(calls.filter((call) => call === 'reload')).toHaveLength(1)
})

test('shared codes are not followed: whoever ends a token drops them itself', async () => {
  const { calls, follow } = open({ areCodesShared: true })
  await follow()
  await follow()
  expect(calls).toEqual(['forget', 'reload'])
})

test('what is remembered is confirmed as of the beginning of each look, and by none that failed', async () => {
  const { looks, clock, world, follow } = open()
  const begun = clock.monotonic()
  await follow()
  expect(looks).toEqual([begun])
  world.isAway = true
  await expect(follow()).rejects.toThrow(UnavailableError)
  expect(looks).toHaveLength(1)
  world.isAway = false
  clock.advance(250)
  await follow()
  expect(looks).toEqual([begun, begun + 255])
})

test('what is remembered is confirmed also where the keys cannot be had', async () => {
  const { calls, looks, world, follow } = open()
  world.keysFail = true
  await expect(follow()).rejects.toThrow(UnavailableError)
  expect(calls[0]).toBe('forget')
  expect(looks).toHaveLength(1)
})
