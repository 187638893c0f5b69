import type { BinRecord } from '../../bins/bin.ts'
import type { CapturedYear } from '../../captures/captured-card.ts'
import type { Card, SecurityCode } from '../../cards/card.ts'
import { parseCode } from '../../cards/code.ts'
import { type Expiry, isLater } from '../../cards/expiry.ts'
import { maskPan } from '../../cards/mask.ts'
import type { Pan } from '../../cards/pan.ts'
import { schemeOf } from '../../cards/scheme.ts'
import type { Change } from '../../changes.ts'
import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { EpochMs } from '../../kernel/time.ts'
import { endsAfterCard, endsAt, isSameEnd } from '../../tokens/end.ts'
import { needsCard } from '../../tokens/instrument.ts'
import type { CardToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'
import type { CodeOnce } from '../codes/hold-code.ts'
import { changeCard, isSameNumber, missing, partsOf, refusalOf } from './change-card.ts'
import { describeBin } from './describe-bin.ts'
import type { FoundCard } from './find-card.ts'
import { planRelink, type RelinkPorts } from './plan-relink.ts'
import { tellToken } from './tell-token.ts'

/** What a token becomes, wherever that came from; what is `undefined` stays. */
export interface UpdateWish {
  readonly tokenId: TokenId
  readonly pan: Pan | undefined
  readonly expiryMonth: number | undefined
  readonly expiryYear: CapturedYear | undefined
  readonly holderName: string | undefined
  readonly email: string | undefined
  readonly until: EpochMs | undefined
  readonly code: { readonly text: Secret<string>; readonly once: CodeOnce | undefined } | undefined
}

export interface PlannedUpdate {
  readonly at: EpochMs
  readonly found: FoundCard
  /** What it becomes, and the card behind it. */
  readonly token: CardToken
  readonly card: Card
  readonly bin: BinRecord | undefined
  /** It gets another number. */
  readonly isRelinked: boolean
  /** Names of what becomes another. */
  readonly parts: readonly string[]
  /** Held against the scheme of the number that the token then has. */
  readonly code: SecurityCode | undefined
  readonly changes: readonly Change[]
}

/** Says what a token becomes. wire: verifone §patch, inferred. `undefined`: somebody changed what that depends on, so look again. */
export const planUpdate = async (
  ports: RelinkPorts,
  caller: Caller,
  wish: UpdateWish,
  found: FoundCard,
  at: EpochMs,
): Promise<Result<PlannedUpdate, Refusal> | undefined> => {
  const { store, cipher, ids } = ports
  const { token, place } = found
  const stored = needsCard(await cipher.open(place, token.sealed))
  const expiry = expiryOf(wish, stored)
  if (!expiry.ok) return expiry
  const card = changeCard(stored, { ...wish, pan: wish.pan ?? stored.pan, expiry: expiry.value })
  const isRelinked = card.pan !== stored.pan
  // What nobody touches may be past its time: the holder of a card that has ended may get another name.
  const refusal = isRelinked || card.expiry !== stored.expiry ? refusalOf(card.expiry, at) : undefined
  if (refusal) return refuse(refusal)
  const scheme = schemeOf(card.pan)
  const code = wish.code && parseCode(wish.code.text, scheme)
  if (code && !code.ok) return code

  const end = (wish.until === undefined ? endsAfterCard : endsAt(wish.until))(token, card)
  const parts = [...partsOf(stored, card), ...(isSameEnd(token, end) ? [] : ['end'])]
  const bin = await describeBin(store, card.pan)
  const planned = { at, found, card, bin, isRelinked, parts, code: code?.value }
  if (parts.length === 0) return ok({ ...planned, token, changes: [] })

  const relink = isRelinked ? await relinkOf(ports, caller, found, card, at) : noRelink
  if (!relink) return undefined
  const next: CardToken = {
    ...token,
    ...relink.parts,
    ...end,
    scheme,
    mask: maskPan(card.pan),
    version: token.version + 1,
    sealed: card === stored ? token.sealed : await cipher.seal(place, card),
    updatedAt: at,
    invalidatedAt: isRelinked || isLater(card.expiry, stored.expiry) ? undefined : token.invalidatedAt,
  }
  const replaced: Change = { type: 'replace-token', token: next, ...(isRelinked ? { isRelinked } : {}) }
  const told = tellToken(ids, next, card, 'token.updated', at)
  return ok({ ...planned, token: next, changes: [...relink.before, replaced, ...relink.after, told] })
}

const noRelink = { parts: {}, before: [], after: [] } as const

const relinkOf = async (
  ports: RelinkPorts,
  caller: Caller,
  { token, place }: FoundCard,
  card: Card,
  at: EpochMs,
) => {
  const scope = await ports.store.scope(token.scopeId)
  // Precondition: a scope is never removed.
  if (!scope) throw new Error('a token without its scope')
  return planRelink(ports, caller, scope, token, await ports.cipher.fingerprints(place, card), at)
}

/** One half of an expiry is put to the other half that is stored, but never to that of another number. */
const expiryOf = ({ pan, expiryMonth, expiryYear }: UpdateWish, stored: Card): Result<Expiry, Refusal> => {
  const isOther = pan !== undefined && !isSameNumber(pan, stored.pan)
  if (isOther && expiryMonth === undefined) return missing('expiryMonth')
  if (isOther && !expiryYear) return missing('expiryYear')
  return ok({ ...stored.expiry, ...expiryYear, month: expiryMonth ?? stored.expiry.month })
}
