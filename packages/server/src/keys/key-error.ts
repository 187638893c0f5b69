/**
 * The keys are not there, or are not to be trusted: the vault does not start, or does not follow the change. The message
 * is a sentence for the operator that says what to do; it never holds key material.
 */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}
