import { randomInt } from 'node:crypto'
import { defineConfig } from 'vitest/config'
import usual from './vitest.config.ts'

/*
 * `npm run fuzz`: the same properties as in a run of all tests, each for so many seconds and from a seed that is another each
 * time. What they find is found again with `CARDKEEP_FUZZ_SEED`.
 */

const seconds = Number(process.env['CARDKEEP_FUZZ_SECONDS'] ?? 20)
const seed = process.env['CARDKEEP_FUZZ_SEED'] ?? String(randomInt(2 ** 31))
process.stdout.write(`Each property is tried for ${seconds} s, with CARDKEEP_FUZZ_SEED=${seed}.\n`)

export default defineConfig({
  test: {
    ...usual.test,
    include: ['**/*.fuzz.test.ts'],
    env: { CARDKEEP_FUZZ_SECONDS: String(seconds), CARDKEEP_FUZZ_SEED: seed },
    testTimeout: seconds * 1_000 + 120_000,
  },
})
