import { minuteMs } from '../kernel/time.ts'

/**
 * PCI DSS 8.3.4: at most ten tries, then locked for at least thirty minutes. wire: ozura §authentication, inferred: its
 * pages name neither number.
 */
export const failuresAllowed = 10
export const lockedForMs = 30 * minuteMs

/**
 * Failed proofs are counted by credential and address together: by credential alone a stranger could lock a merchant
 * out, by address alone one broken client could lock out all that share its address.
 */
export const pairOf = (credentialId: string | undefined, address: string): string =>
  `${credentialId ?? 'unknown'} ${address}`
