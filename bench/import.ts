import { measureAgainstConstant } from './against-constant.ts'
import { importing } from './load.ts'
import type { Measurement } from './report.ts'

export const measureImport = (folder: string): Promise<readonly Measurement[]> =>
  measureAgainstConstant(folder, {
    name: 'POST /cde-import with code',
    work: () => importing,
    headersOf: ({ hellgateKey }) => ({ 'x-api-key': hellgateKey }),
    floor: 0.18,
    aim: 0.35,
  })
