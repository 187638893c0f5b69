import { openSecret } from '@cardkeep/core/kernel/secret'
import type { Instrument } from '@cardkeep/core/tokens/instrument'
import { isAccount, readAccount, writeAccount } from './account-text.ts'
import { readCard, writeCard } from './card-text.ts'
import { readFields } from './sealed-text.ts'

/** What is sealed of a card or an account. The caller wipes the bytes. */
export const writeInstrument = (instrument: Instrument): Buffer =>
  instrument.type === 'card' ? writeCard(instrument) : writeAccount(instrument)

/** Throws if the bytes are neither; the message never repeats them. */
export const readInstrument = (bytes: Buffer): Instrument => {
  const fields = readFields(bytes)
  return isAccount(fields) ? readAccount(fields) : readCard(fields)
}

/**
 * What is hashed to know a number again: the digits of a card, and an account behind a prefix with its bank, because
 * the same digits name other accounts elsewhere, and may be those of a card. The caller wipes the bytes.
 */
export const writeIdentity = (instrument: Instrument): Buffer =>
  Buffer.from(
    instrument.type === 'card'
      ? openSecret(instrument.pan, 'fingerprint')
      : `bank:${instrument.routingNumber}:${openSecret(instrument.accountNumber, 'fingerprint')}`,
  )
