import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeFlat } from './flat.ts'

const limit = { share: 0.1, amount: 5 }
const range = (count: number) => Array.from({ length: count }, (_, at) => at)

describe('what is measured in a soak', () => {
  test('is flat where it stays what it is, whatever it was while it warmed up', () => {
    const values = range(120).map((at) => (at < 30 ? 20 + at * 10 : 100 + (at % 7)))
    expect(judgeFlat(values, limit)).toMatchObject({ isFlat: true, thirds: [103, 103, 103] })
  })

  test('is flat with heights that come and go', () => {
    const values = range(120).map((at) => (at % 10 === 0 ? 900 : 100))
    expect(judgeFlat(values, limit).isFlat).toBe(true)
  })

  test('is not flat where it grows bit by bit', () => {
    const values = range(120).map((at) => 100 + at * 0.5)
    expect(judgeFlat(values, limit)).toMatchObject({ isFlat: false })
  })

  test('is not flat where it jumps in the last third and stays there', () => {
    const values = range(120).map((at) => (at < 90 ? 100 : 130))
    expect(judgeFlat(values, limit).isFlat).toBe(false)
  })

  test('may reach the share and the amount together, and no more', () => {
    const upTo = (last: number) =>
      judgeFlat(
        range(60).map((at) => (at < 45 ? 100 : last)),
        limit,
      )
    expect(upTo(115)).toMatchObject({ isFlat: true })
    expect(upTo(116)).toMatchObject({ isFlat: false })
    expect(upTo(116).atMost).toBeCloseTo(115)
  })

  test('is judged by its better moments where others take the machine, and those grow with what leaks', () => {
    const atBest = { ...limit, quantile: 0.25 }
    const disturbed = range(120).map((at) => (at > 90 && at % 3 > 0 ? 400 : 100))
    expect(judgeFlat(disturbed, limit).isFlat).toBe(false)
    expect(judgeFlat(disturbed, atBest).isFlat).toBe(true)
    expect(
      judgeFlat(
        disturbed.map((value, at) => value + at),
        atBest,
      ).isFlat,
    ).toBe(false)
  })

  test('is flat where it only ever falls', () => {
    const falling = fc
      .array(fc.integer({ min: 0, max: 1_000 }), { minLength: 12, maxLength: 200 })
      .map((values) => values.toSorted((a, b) => b - a))
    fc.assert(fc.property(falling, (values) => judgeFlat(values, { share: 0, amount: 0 }).isFlat))
  })

  test('is not judged by a handful of samples', () => {
    expect(() => judgeFlat(range(11), limit)).toThrow('11 samples are too few to judge')
  })
})
