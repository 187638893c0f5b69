import { UnavailableError } from '@cardkeep/core/errors'
import type { CodeStore } from '@cardkeep/core/ports'
import type { Vault } from '../compose/open-vault.ts'

type Drops = Pick<CodeStore, 'dropToken' | 'dropAll'>

export interface CommandCodes extends Drops {
  /** Why codes that should be gone are still there, or `undefined`. */
  failure(): string | undefined
}

/**
 * A command holds no codes of its own. Where nodes share theirs on a server it drops them there; otherwise the vault that
 * runs reads in the audit log which must go. What a command does to a token or to the vault refuses by itself, so a
 * server that is away does not stop it: that is only said.
 */
export const createCommandCodes = ({ sharedCodes }: Pick<Vault, 'sharedCodes'>): CommandCodes => {
  let failed: string | undefined
  const attempt = async <T>(drop: (codes: Drops) => Promise<T>, instead: T): Promise<T> => {
    if (!sharedCodes) return instead
    try {
      return await drop(await sharedCodes('drop'))
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      failed = error.message
      return instead
    }
  }
  return {
    dropToken: (tokenId) => attempt((codes) => codes.dropToken(tokenId), false),
    dropAll: () => attempt((codes) => codes.dropAll(), undefined),
    failure: () => failed,
  }
}

/** The same for what must not be done while codes are there: it throws. */
export const createStrictCommandCodes = ({ sharedCodes }: Pick<Vault, 'sharedCodes'>): Drops => ({
  dropToken: async (tokenId) => (sharedCodes ? (await sharedCodes('drop')).dropToken(tokenId) : false),
  dropAll: async () => (sharedCodes ? (await sharedCodes('drop')).dropAll() : undefined),
})
