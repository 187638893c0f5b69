import { UnavailableError } from '../../errors.ts'
import type { CardCipher, Store } from '../../ports.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import type { StoredToken } from '../../tokens/token.ts'

export type TellingPorts = {
  readonly store: Pick<Store, 'scope'>
  readonly cipher: Pick<CardCipher, 'open'>
}

/**
 * What a token stands for, for the event that tells of its end or of another state. `undefined` where it cannot be opened
 * and never will be, such as after the end of its key: a token that is broken must still be suspended, deleted and
 * swept. Where nobody can open it now, that throws `UnavailableError`.
 */
export const openToTell = async (
  { store, cipher }: TellingPorts,
  { id, scopeId, sealed }: StoredToken,
): Promise<Instrument | undefined> => {
  const scope = await store.scope(scopeId)
  // Precondition: a scope is never removed.
  if (!scope) throw new Error('a token without its scope')
  try {
    return await cipher.open({ scopeId, environment: scope.environment, tokenId: id }, sealed)
  } catch (error) {
    if (error instanceof UnavailableError) throw error
    return undefined
  }
}
