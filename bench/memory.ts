import type { Measurement } from './report.ts'
import { startBenchServer } from './servers.ts'

const megabyte = 1024 * 1024

/** What a hundred thousand held codes add to the memory of a process that has held and dropped some before. */
export const measureMemory = async (folder: string): Promise<readonly Measurement[]> => {
  const server = await startBenchServer<object>('memory-server.ts', folder, ['--expose-gc'])
  try {
    await server.ask('hold 1000')
    await server.ask('drop')
    const before = await server.ask<number>('rss')
    const held = await server.ask<number>('hold 100000')
    const after = await server.ask<number>('rss')
    return [
      {
        name: 'resident memory with 100,000 held codes',
        value: (after - before) / megabyte,
        unit: 'MB added',
        floor: 60,
        aim: 30,
        details: { 'codes held': held, 'before, MB': before / megabyte, 'after, MB': after / megabyte },
      },
    ]
  } finally {
    await server.stop()
  }
}
