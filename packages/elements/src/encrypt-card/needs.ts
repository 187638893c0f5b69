/** Throws a `TypeError` with this text, into which nothing of a card may go: errors of a page end in logs of others. */
export function needs(holds: unknown, otherwise: string): asserts holds {
  if (!holds) throw new TypeError(`Cardkeep encryptCard: ${otherwise}`)
}
