/**
 * Why a secret may be opened. The list is closed, so that reading it tells every place that sees clear card
 * data; a new purpose is a change that a reviewer sees here.
 */
export type Purpose =
  /** to encrypt it, or to wrap a key */
  | 'seal'
  /** to make a key object of a key's bytes, check them, and wipe them */
  | 'load key'
  /** to compute a keyed hash of it */
  | 'fingerprint'
  /** to show the first six and last four digits */
  | 'mask'
  /** to check its form: length, check digit, range */
  | 'check'
  /** to derive a CVV from it, or to compare one */
  | 'derive'
  /** to put it into the body that goes to a provider */
  | 'render'
  /** to find it in what a provider answers */
  | 'conceal'
  /** to show a credential to the operator who has just made it, once */
  | 'hand out'
  /** to prove who is calling */
  | 'authenticate'
  /** to tell a caller who may know it the clear number */
  | 'reveal'
  /** to sign what is delivered to a webhook */
  | 'sign'

const inspect = Symbol.for('nodejs.util.inspect.custom')
const shown = '[secret]'

/** Holds a value that must not be printed: string conversion, JSON, `inspect` and spreading show `[secret]` or nothing. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  static open<T>(secret: Secret<T>, _purpose: Purpose): T {
    return secret.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [inspect](): string {
    return shown
  }
}

/** The only way to a secret's value; says why. */
export const openSecret = <T>(secret: Secret<T>, purpose: Purpose): T => Secret.open(secret, purpose)
