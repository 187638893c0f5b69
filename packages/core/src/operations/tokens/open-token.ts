import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { CardCipher, Clock, Store } from '../../ports.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import type { Caller } from '../caller.ts'
import { type FoundToken, findToken } from './find-token.ts'

type Ports = { readonly store: Store; readonly cipher: CardCipher; readonly clock: Clock }

export interface OpenedToken extends FoundToken {
  readonly instrument: Instrument
}

/** A token that may be forwarded now, and what it stands for. */
export const openToken = async (
  { store, cipher, clock }: Ports,
  caller: Caller,
  tokenId: TokenId,
): Promise<Result<OpenedToken, Refusal>> => {
  const found = await findToken(store, caller, tokenId, 'forward', clock.now())
  if (!found.ok) return found
  const { token, place } = found.value
  return ok({ token, place, instrument: await cipher.open(place, token.sealed) })
}
