import { testCards } from '@cardkeep/testing/canary/cards'
import { type CodeForm, countCode } from '@cardkeep/testing/canary/count-code'
import { scanFolder, spellFindings } from '@cardkeep/testing/canary/scan'
import { expect } from 'vitest'
import { databaseFiles } from './backends.ts'
import type { Ground } from './scenario.ts'

/** By chance four digits stand somewhere in a few hundred kilobytes of random bytes, hashes and times. */
const byChance = 20

/** Nothing below the folder, its database included, holds a card number, or the code of four digits more often than by chance. */
export const expectClean = (
  { folder, options: { settings } }: Pick<Ground, 'folder' | 'options'>,
  code: string,
): void => {
  databaseFiles({ folder, settings })
  expect(spellFindings(scanFolder(folder, testCards))).toBe('')
  const counts = Object.entries(countCode(folder, code)) as [CodeForm, number][]
  for (const [form, count] of counts) expect(count, `${code} as ${form}`).toBeLessThan(byChance)
}

const width = 16

/** Runs the work so many times, some at once, and answers the results in order. */
export const inParallel = async <T>(
  times: number,
  work: (at: number) => Promise<T>,
): Promise<readonly T[]> => {
  const results: T[] = []
  let next = 0
  const go = async (): Promise<void> => {
    for (let at = next++; at < times; at = next++) results[at] = await work(at)
  }
  await Promise.all(Array.from({ length: width }, go))
  return results
}
