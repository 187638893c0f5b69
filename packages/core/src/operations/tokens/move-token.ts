import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { CardCipher, Clock, CodeStore, Ids, Store } from '../../ports.ts'
import { decideMove, moves, type TokenMove } from '../../tokens/move.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { type Alongside, none } from '../alongside.ts'
import { endNetworkToken } from '../network-tokens/end-network-token.ts'
import { openToTell } from './open-to-tell.ts'
import { tellToken } from './tell-token.ts'
import { auditToken, findTokenFor, type TokenActor, type TokenNotFound } from './token-actor.ts'

export interface MoveTokenPorts {
  readonly store: Store
  /** Where codes are in the memory of another process there are none to drop: that one follows the audit log. */
  readonly codes: Pick<CodeStore, 'dropToken'>
  readonly cipher: Pick<CardCipher, 'open'>
  readonly clock: Clock
  readonly ids: Ids
}

export interface MovedToken {
  readonly token: StoredToken
  /** `false`: it was so already, and nothing was written. */
  readonly changed: boolean
}

const attempts = 8

/** Brings a token into another state, as the table of its lifecycle allows. The operations beside this file name the moves. */
export const moveToken = async (
  ports: MoveTokenPorts,
  actor: TokenActor,
  tokenId: TokenId,
  move: TokenMove,
  alongside: Alongside<MovedToken> = none,
): Promise<Result<MovedToken, TokenNotFound>> => {
  const { store, codes, clock, ids } = ports
  const { told, dropsCodes, endsNetworkToken } = moves[move]
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const found = await findTokenFor(store, actor, tokenId, move, at)
    if (!found.ok) return found
    const token = decideMove(move, found.value, at)
    const moved: MovedToken = { token, changed: token !== found.value }
    if (moved.changed && dropsCodes === 'before it is written') await codes.dropToken(tokenId)
    const written: readonly Change[] = moved.changed
      ? [
          { type: 'replace-token', token },
          ...(endsNetworkToken ? await endNetworkToken(store, actor, token, at) : []),
          // As it was before: of a token that is deleted nothing is left to open.
          tellToken(ids, token, await openToTell(ports, found.value), told, at),
          auditToken(actor, at, told, token),
        ]
      : []
    if (!(await commits(store, [...written, ...alongside(moved)]))) continue
    // Also where it was so already: whoever asks again because dropping failed gets it done.
    if (dropsCodes === 'once it is written') await codes.dropToken(tokenId)
    return ok(moved)
  }
  throw new UnavailableError('a token could not be changed: others changed it at every attempt')
}

const commits = async (store: Store, changes: readonly Change[]): Promise<boolean> =>
  changes.length === 0 || (await store.commit(changes)).ok
