import type { Change } from '@cardkeep/core/changes'
import { KeyError } from './key-error.ts'
import { sealKeySet } from './key-set.ts'
import { type LoadPorts, loadKeys } from './load-keys.ts'
import type { RootKeyProvider } from './providers/provider.ts'

export interface PutBackKeys {
  /** To be committed together, with the entry that says so. */
  readonly changes: readonly Change[]
  /** The set that the database held, the newest that was remembered, and the one that it holds afterwards. */
  readonly held: number
  readonly remembered: number
  readonly counter: number
}

/** A counter beside the root key that is so far ahead was not made by this vault. */
const setsAtMost = 100_000

/**
 * Makes the keys of a database that was put back the newest set: the same keys under a higher counter than any that was
 * remembered. So nothing that is remembered is ever lowered, and every other copy is older afterwards, the one that was replaced
 * too. Throws `KeyError` where the keys do not open, or are not the whole set.
 */
export const planPutBackKeys = async ({ store, provider }: LoadPorts): Promise<PutBackKeys> => {
  const remembered = await provider.rememberedCounter()
  const { keySet, records } = await loadKeys({ store, provider: withoutMemory(provider) }, undefined)
  if (!keySet) throw new KeyError('The database holds no keys, so there is nothing to put back.')
  const counter = Math.max(keySet.counter, remembered) + 1
  if (counter - keySet.counter > setsAtMost)
    throw new KeyError(
      `The number that is remembered beside the root key (${remembered}) is not of this vault, whose set is ${keySet.counter}: ` +
        'put the counter back from its backup, or remove it.',
    )
  const changes: Change[] = []
  // A set follows the one before it and no other.
  for (let next = keySet.counter + 1; next <= counter; next++)
    changes.push({ type: 'put-key-set', keySet: await sealKeySet(provider, next, records) })
  return { changes, held: keySet.counter, remembered, counter }
}

/** Everything is checked but the age, which is what the operator decides. */
const withoutMemory = (provider: RootKeyProvider): RootKeyProvider => ({
  ...provider,
  rememberedCounter: async () => 0,
  rememberCounter: async () => undefined,
})
