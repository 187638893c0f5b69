import type { FieldFault, Refusal } from '@cardkeep/core/errors'

/** All that is wrong, of which there is one thing at least. */
export const refusalOfFaults = (faults: readonly FieldFault[]): Refusal => {
  const [only, ...others] = faults
  return only && others.length === 0 ? only : { type: 'InvalidFields', faults }
}
