/** The fields of a body by name, so that two bodies that say the same in another order are one text. */
export const sortFields = (fields: object): readonly (readonly [name: string, value: unknown])[] =>
  Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))
