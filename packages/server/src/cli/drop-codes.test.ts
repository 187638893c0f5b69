import { UnavailableError } from '@cardkeep/core/errors'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { CodeStore } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import { createCommandCodes, createStrictCommandCodes } from './drop-codes.ts'

const tokenId = '00000000-0000-4000-8000-000000000001' as TokenId

/** Codes that nodes share, as a command finds them. */
const share = () => {
  const calls: string[] = []
  const codes = {
    dropToken: async () => {
      calls.push('drop')
      return true
    },
    dropAll: async () => void calls.push('drop all'),
  } as Partial<CodeStore> as CodeStore
  return {
    calls,
    sharedCodes: async (use?: 'drop') => {
      if (use !== 'drop') throw new UnavailableError('no code may be held there')
      return codes
    },
  }
}

const away = async (): Promise<CodeStore> => {
  throw new UnavailableError('the server for codes cannot be reached')
}
const broken = async (): Promise<CodeStore> => {
  throw new Error('a bug')
}

test('a command drops what nodes share', async () => {
  const { calls, sharedCodes } = share()
  const codes = createCommandCodes({ sharedCodes })
  expect(await codes.dropToken(tokenId)).toBe(true)
  await codes.dropAll()
  const strict = createStrictCommandCodes({ sharedCodes })
  expect(await strict.dropToken(tokenId)).toBe(true)
  await strict.dropAll()
  expect(calls).toEqual(['drop', 'drop all', 'drop', 'drop all'])
  expect(codes.failure()).toBeUndefined()
})

test('where each process has its own codes a command has none to drop', async () => {
  const codes = createCommandCodes({ sharedCodes: undefined })
  expect(await codes.dropToken(tokenId)).toBe(false)
  await codes.dropAll()
  expect(codes.failure()).toBeUndefined()
  const strict = createStrictCommandCodes({ sharedCodes: undefined })
  expect(await strict.dropToken(tokenId)).toBe(false)
  await strict.dropAll()
})

describe('a server that is away', () => {
  test('does not stop what refuses by itself, and is told of', async () => {
    const codes = createCommandCodes({ sharedCodes: away })
    expect(codes.failure()).toBeUndefined()
    expect(await codes.dropToken(tokenId)).toBe(false)
    expect(codes.failure()).toBe('the server for codes cannot be reached')
  })

  test('stops what must not be done while codes are there', async () => {
    const strict = createStrictCommandCodes({ sharedCodes: away })
    await expect(strict.dropToken(tokenId)).rejects.toThrow(UnavailableError)
    await expect(strict.dropAll()).rejects.toThrow(UnavailableError)
  })
})

test('a bug is not taken for a server that is away', async () => {
  await expect(createCommandCodes({ sharedCodes: broken }).dropToken(tokenId)).rejects.toThrow('a bug')
})
