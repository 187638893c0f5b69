import { type Refusal, UnavailableError } from '../errors.ts'
import type { TokenId } from '../kernel/ids.ts'
import { done, type Result } from '../kernel/result.ts'
import type { Clock, CodeStore, Store } from '../ports.ts'
import { auditOf, type Caller } from './caller.ts'
import { findUsableToken } from './find-token.ts'

type Ports = { readonly store: Store; readonly codes: CodeStore; readonly clock: Clock }

const attempts = 8

/** A suspended token refuses every use at once, and its codes are forgotten, those in flight included. */
export const suspendToken = async (
  { store, codes, clock }: Ports,
  caller: Caller,
  tokenId: TokenId,
): Promise<Result<void, Refusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const found = await findUsableToken(store, caller, tokenId, at)
    if (!found.ok) return found
    const { token } = found.value
    const committed = await store.commit([
      {
        type: 'replace-token',
        token: { ...token, status: 'suspended', version: token.version + 1, updatedAt: at },
      },
      auditOf(caller, at, 'token.suspended', 'success', { type: 'token', id: tokenId }),
    ])
    if (!committed.ok) continue
    await codes.drop({ type: 'token', tokenId })
    return done
  }
  throw new UnavailableError('a token could not be suspended: others changed it at every attempt')
}
