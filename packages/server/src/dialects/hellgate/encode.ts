import { spellHolder } from '@cardkeep/core/cards/card'
import { issuerNumberOf } from '@cardkeep/core/cards/issuer-number'
import { spellMask } from '@cardkeep/core/cards/mask'
import { nameScheme } from '@cardkeep/core/cards/scheme-names'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { OpenedSession } from '@cardkeep/core/operations/sessions/open-session'
import type { DescribedCard } from '@cardkeep/core/operations/tokens/describe-card'
import type { ListedCards } from '@cardkeep/core/operations/tokens/list-cards'
import type { CardToken } from '@cardkeep/core/tokens/token'
import { given } from '../../http/replies.ts'
import type { Reply } from '../../http/route.ts'
import { drawCard } from './card-art.ts'

export const encodeToken = (described: DescribedCard, baseUrl: string): Reply => ({
  status: 200,
  body: spellToken(described, baseUrl),
})

export interface PageWish {
  readonly page: number
  readonly size: number
}

export const encodeList = (
  { cards, total }: ListedCards,
  { page, size }: PageWish,
  baseUrl: string,
): Reply => ({
  status: 200,
  body: {
    data: cards.map((card) => spellToken(card, baseUrl)),
    pagination: {
      current_page: page,
      page_size: size,
      total_items: total,
      total_pages: Math.ceil(total / size),
    },
  },
})

export const encodeOpenedSession = ({ id }: OpenedSession): Reply => ({
  status: 200,
  body: { session_id: id },
})

/** wire: hellgate §code held, inferred */
export const encodeCodeHeld = (isHeld: boolean): Reply => ({
  status: 200,
  body: { security_code_available: isHeld },
})

/** Cardkeep's own: that there is such a picture is verified, what it shows is not. */
export const encodeCardArt = (token: CardToken): Reply => ({
  status: 200,
  body: drawCard(token),
  contentType: 'image/svg+xml',
})

/** wire: hellgate §token, verified; which states are `invalid` is inferred. */
const spellToken = ({ token, state, card, bin }: DescribedCard, baseUrl: string): object => ({
  id: token.id,
  ...given('cardholder_name', spellHolder(card.holder)),
  card_art_url: `${baseUrl}/tokens/card-art/${token.id}`,
  ...given('created_at', spellTime(token.createdAt)),
  expiry_month: card.expiry.month,
  expiry_year: card.expiry.year,
  ...given('expires_at', spellTime(token.expiresAt)),
  ...given('invalidated_at', spellTime(token.invalidatedAt)),
  issuer_identification_number: issuerNumberOf(card.pan),
  account_number_last_four: token.mask.last4,
  account_number_length: token.mask.length,
  masked_account_number: spellMask(token.mask),
  ...given('bank_name', bin?.issuer),
  ...given('segment', bin?.segment),
  status: state === 'active' ? 'active' : 'invalid',
  ...given('type', bin?.funding),
  ...given('currency_code', bin?.currency),
  ...given('country_code', bin?.country),
  network_token_status: 'not_available',
  scheme: nameScheme(token.scheme),
  // wire: hellgate §token, inferred: this vault identifies nobody, whether it was asked to or not.
  identity_and_verification: 'none',
})

const spellTime = (at: EpochMs | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()
