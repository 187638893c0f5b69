import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runs } from './runs.ts'

afterEach(() => void vi.unstubAllEnvs())

test('seconds that are no number try nothing, and say so', () => {
  vi.stubEnv('CARDKEEP_FUZZ_SECONDS', '20s')
  expect(() => runs(1)).toThrow('CARDKEEP_FUZZ_SECONDS is no number: 20s')
})

const isSmall = fc.property(fc.nat(), (value) => value < 100)

test('a property is tried as often as it says, from the same seed each time', () => {
  const tried: number[][] = [[], []]
  for (const values of tried)
    fc.assert(
      fc.property(fc.nat(), (value) => void values.push(value)),
      runs(20),
    )
  expect(tried[0]).toHaveLength(20)
  expect(tried[0]).toEqual(tried[1])
})

describe('where seconds are given', () => {
  const told: string[] = []
  beforeEach(() => {
    told.length = 0
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => told.push(String(text)) > 0)
  })
  afterEach(() => void vi.restoreAllMocks())

  test('a property that does not hold fails, and says from which seed', async () => {
    vi.stubEnv('CARDKEEP_FUZZ_SECONDS', '30')
    vi.stubEnv('CARDKEEP_FUZZ_SEED', '7')
    expect(() => fc.assert(isSmall, runs(1))).toThrow(/seed: 7\b/)
    const later = fc.asyncProperty(fc.nat(), async (value) => value < 100)
    await expect(fc.assert(later, runs(1))).rejects.toThrow(/seed: 7\b/)
  })

  test('one that holds is tried until they are over, and says how often', () => {
    vi.stubEnv('CARDKEEP_FUZZ_SECONDS', '0.05')
    let tried = 0
    fc.assert(
      fc.property(fc.nat(), () => void tried++),
      runs(1),
    )
    expect(told.join('')).toContain(`fuzz: ${tried} runs in `)
    expect(tried).toBeGreaterThan(1)
  })
})
