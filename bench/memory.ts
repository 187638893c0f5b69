import type { Measurement } from './report.ts'
import { startBenchServer } from './servers.ts'
import { median } from './statistics.ts'

const megabyte = 1024 * 1024

/** What a hundred thousand held codes add to the memory of a process that has held and dropped as many before. */
export const measureMemory = async (folder: string): Promise<readonly Measurement[]> => {
  const runs: Run[] = []
  // The heap of one process may grow just then; the median of three does not.
  for (let process = 0; process < 3; process++) runs.push(await measureOnce(`${folder}/${process}`))
  return [
    {
      name: 'resident memory with 100,000 held codes',
      value: median(runs.map(({ before, after }) => after - before)),
      unit: 'MB added',
      floor: 60,
      aim: 30,
      details: {
        'codes held': runs[0]?.held ?? 0,
        'before, MB': median(runs.map(({ before }) => before)),
        'after, MB': median(runs.map(({ after }) => after)),
        'three processes': runs.map(({ before, after }) => (after - before).toFixed(1)).join(', '),
      },
    },
  ]
}

interface Run {
  readonly held: number
  readonly before: number
  readonly after: number
}

const measureOnce = async (folder: string): Promise<Run> => {
  const server = await startBenchServer<object>('memory-server.ts', folder, {
    nodeArguments: ['--expose-gc'],
  })
  try {
    // As many holds as are measured, a few at a time: what a busy process has anyway is not the codes'.
    for (let round = 0; round < 100; round++) {
      await server.ask('hold 1000')
      await server.ask('drop')
    }
    const before = await server.ask<number>('rss')
    const held = await server.ask<number>('hold 100000')
    const after = await server.ask<number>('rss')
    return { held, before: before / megabyte, after: after / megabyte }
  } finally {
    await server.stop()
  }
}
