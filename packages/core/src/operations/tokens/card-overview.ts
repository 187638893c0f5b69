import type { BinRecord } from '../../bins/bin.ts'
import type { Card } from '../../cards/card.ts'
import type { IssuedNetworkToken, NetworkTokenStatus } from '../../network-tokens/network-token.ts'
import type { TokenState } from '../../tokens/lifecycle.ts'
import type { CardToken } from '../../tokens/token.ts'

/** All that may be told of a token of a card, for the encoder of a dialect. */
export interface CardOverview {
  readonly token: CardToken
  readonly state: TokenState
  /** For its expiry, holder and email; `undefined` once the token is deleted. */
  readonly card: Card | undefined
  /** What the operator's table says of it. */
  readonly bin: BinRecord | undefined
  readonly networkToken: ShownNetworkToken | undefined
}

export interface ShownNetworkToken {
  readonly status: NetworkTokenStatus
  /** Only where the tenant is its requestor, the caller deals in cards, and both tokens are active. */
  readonly issued: IssuedNetworkToken | undefined
}
