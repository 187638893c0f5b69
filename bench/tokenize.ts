import { measureAgainstConstant } from './against-constant.ts'
import { tokenizing } from './load.ts'
import type { Measurement } from './report.ts'

export const measureTokenize = (folder: string): Promise<readonly Measurement[]> =>
  measureAgainstConstant(folder, {
    name: 'POST /tokenize with code',
    work: () => tokenizing,
    headersOf: ({ apiKey, publicKey }) => ({ 'x-api-key': apiKey, 'x-pub-key': publicKey }),
    floor: 0.22,
    aim: 0.4,
  })
