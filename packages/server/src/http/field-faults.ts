import type { FieldFault, FieldPath, Refusal } from '@cardkeep/core/errors'

/** One thing that is wrong with a field, in words, for dialects that tell why. */
export const wrong = (field: string, why: string, within?: FieldPath): FieldFault => ({
  ...{ type: 'InvalidField', field, why },
  ...(within && { within }),
})

/** All that is wrong, of which there is one thing at least. */
export const refusalOfFaults = (faults: readonly FieldFault[]): Refusal => {
  const [only, ...others] = faults
  return only && others.length === 0 ? only : { type: 'InvalidFields', faults }
}
