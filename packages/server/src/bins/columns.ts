import { type BinField, binFields } from '@cardkeep/core/bins/parse-bin'

/** Other names that tables in circulation have for the same thing. */
const otherNames: Readonly<Record<string, BinField>> = {
  prefix: 'bin',
  iin: 'bin',
  scheme: 'brand',
  type: 'funding',
  bank: 'issuer',
}

export interface Columns {
  /** What each column of the file is; `undefined` for one that is ignored. */
  readonly fields: readonly (BinField | undefined)[]
  /** Names of columns that say nothing to us, as the file writes them. */
  readonly ignored: readonly string[]
}

/** Reads the first line of a table. Answers what it should be where it is not one. */
export const readColumns = (names: readonly string[]): Columns | { readonly wanted: string } => {
  const fields = names.map(readName)
  const twice = binFields.find((field) => fields.filter((one) => one === field).length > 1)
  if (twice) return { wanted: `one column ${twice}, not two` }
  if (!fields.includes('bin'))
    return { wanted: 'names of columns, with commas between them and bin among them' }
  return { fields, ignored: names.filter((_, at) => fields[at] === undefined) }
}

/** `Funding`, `FUNDING` and `funding` are one name. */
const readName = (name: string): BinField | undefined => {
  const plain = name.trim().toLowerCase()
  return (
    binFields.find((field) => field === plain) ??
    (Object.hasOwn(otherNames, plain) ? otherNames[plain] : undefined)
  )
}
