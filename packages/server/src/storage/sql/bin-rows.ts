import { type BinRecord, fundings, segments } from '@cardkeep/core/bins/bin'
import type { Store } from '@cardkeep/core/ports'
import { type Row, readNumber, readOptional, readText, readTime, readWord } from './values.ts'

export const readBin = (row: Row): BinRecord => ({
  prefix: readText(row, 'prefix'),
  brand: readOptional(row, 'brand', readText),
  funding: readOptional(row, 'funding', () => readWord(row, 'funding', fundings)),
  segment: readOptional(row, 'segment', () => readWord(row, 'segment', segments)),
  product: readOptional(row, 'product', readText),
  issuer: readOptional(row, 'issuer', readText),
  country: readOptional(row, 'country', readText),
  currency: readOptional(row, 'currency', readText),
})

export const readBinTable = (row: Row): Awaited<ReturnType<Store['binTable']>> => ({
  count: readNumber(row, 'bins'),
  at: readTime(row, 'used_at'),
})
