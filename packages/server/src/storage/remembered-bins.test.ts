import type { BinRecord } from '@cardkeep/core/bins/bin'
import { expect, test, vi } from 'vitest'
import { rememberBins } from './remembered-bins.ts'

const bin: BinRecord = {
  prefix: '411111',
  brand: 'visa',
  funding: 'credit',
  segment: undefined,
  product: undefined,
  issuer: undefined,
  country: undefined,
  currency: undefined,
}
const listed = ['41111111', '4111111', '411111']

const createCounted = () => {
  const read = vi.fn(async (prefixes: readonly string[]) => (prefixes.includes('411111') ? bin : undefined))
  return { read, bins: rememberBins(read) }
}

test('asks once what the table says of a card, also where it says nothing', async () => {
  const { read, bins } = createCounted()
  for (let turn = 0; turn < 3; turn++) {
    expect(await bins.bin(listed)).toBe(bin)
    expect(await bins.bin(['55555555', '5555555', '555555'])).toBeUndefined()
  }
  expect(read).toHaveBeenCalledTimes(2)
})

test('tells prefixes apart that begin alike', async () => {
  const { bins } = createCounted()
  expect(await bins.bin(['41111111', '4111111'])).toBeUndefined()
  expect(await bins.bin(listed)).toBe(bin)
})

test('asks again once it was told to forget', async () => {
  const { read, bins } = createCounted()
  await bins.bin(listed)
  bins.forget()
  await bins.bin(listed)
  expect(read).toHaveBeenCalledTimes(2)
})

test('does not remember what was read before it was told to forget', async () => {
  const { read, bins } = createCounted()
  const reading = bins.bin(listed)
  bins.forget()
  await reading
  await bins.bin(listed)
  expect(read).toHaveBeenCalledTimes(2)
})

test('remembers the last ten thousand, and no more', async () => {
  const { read, bins } = createCounted()
  for (let at = 0; at <= 10_000; at++) await bins.bin([String(50_000_000 + at)])
  await bins.bin(['50010000'])
  expect(read).toHaveBeenCalledTimes(10_001)
  await bins.bin(['50000000'])
  expect(read).toHaveBeenCalledTimes(10_002)
})
