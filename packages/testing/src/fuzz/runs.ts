import fc from 'fast-check'

/*
 * How often a property is tried. In a run of all tests each is tried as often as it says, from one seed, so that the same
 * sources have the same verdict. `npm run fuzz` tries each for so many seconds, from a seed that is another each time and
 * that it prints: `CARDKEEP_FUZZ_SEED` sets it, so that what was found is found again.
 */

/** For `fc.assert`: `usual` runs, or as many as there is time for. */
export const runs = <Values>(usual: number): fc.Parameters<Values> => {
  const seed = numberOf('CARDKEEP_FUZZ_SEED') ?? usualSeed
  const seconds = numberOf('CARDKEEP_FUZZ_SECONDS')
  if (seconds === undefined) return { seed, numRuns: usual }
  // Sound: neither looks at a value.
  const plugins = [fc.interruptAfterTimeLimit(seconds * 1_000), tellRuns] as unknown as fc.Plugin<Values>[]
  return { seed, numRuns: Number.MAX_SAFE_INTEGER, plugins }
}

const tellRuns: fc.Plugin<unknown> = () => {
  const startedAt = performance.now()
  return {
    onAllRunsComplete: ({ numRuns }) => {
      const seconds = (performance.now() - startedAt) / 1_000
      process.stdout.write(`fuzz: ${numRuns} runs in ${seconds.toFixed(1)} s\n`)
    },
  }
}

const usualSeed = 20_261_122

const numberOf = (name: string): number | undefined => {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  const number = Number(text)
  // Precondition: of no time at all nothing would be tried, and all would be well.
  if (!Number.isFinite(number)) throw new Error(`${name} is no number: ${text}`)
  return number
}
