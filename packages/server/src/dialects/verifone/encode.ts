import type { BinRecord, Funding } from '@cardkeep/core/bins/bin'
import { aliasOf, type CaptureKey } from '@cardkeep/core/captures/capture-key'
import { type Card, spellHolder } from '@cardkeep/core/cards/card'
import type { Mask } from '@cardkeep/core/cards/mask'
import type { Scheme } from '@cardkeep/core/cards/scheme'
import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import { spellDay } from '@cardkeep/core/kernel/days'
import { bytesOfId, type FingerprintId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { NetworkTokenStatus } from '@cardkeep/core/network-tokens/network-token'
import type { CardOverview, ShownNetworkToken } from '@cardkeep/core/operations/tokens/card-overview'
import type { PutAnalytics, PutOutcome, PutToken } from '@cardkeep/core/operations/tokens/put-card'
import type { TokenState } from '@cardkeep/core/tokens/lifecycle'
import { spellBase32 } from '@cardkeep/core/tokens/spelling'
import type { CardToken } from '@cardkeep/core/tokens/token'
import { given } from '../../http/replies.ts'
import type { Reply } from '../../http/route.ts'
import { spellCountry } from './countries.ts'
import { currenciesRead, currenciesWritten } from './currencies.ts'
import { noLastDay, spellLastDay } from './days.ts'
import { cutHolder } from './wire.ts'

/** Something to tell, and who issues network tokens, where one is told of. */
export interface Told<T> {
  readonly told: T
  readonly issuer: string | undefined
}

/** wire: verifone §put */
export const encodePut = ({ told, issuer }: Told<PutOutcome>): Reply => ({
  ...fine(issuer),
  body: told.type === 'token' ? spellPutToken(told) : spellAnalytics(told),
})

/** wire: verifone §get, inferred: what is told of a deleted token, and of whom an analytics token is known */
export const encodeGet = ({ told, issuer }: Told<CardOverview>): Reply => {
  const { token, card, bin } = told
  const { fingerprint } = token
  return {
    ...fine(issuer),
    body: {
      ...spellName(token),
      // Whoever reads it is told of it where anybody was.
      ...(card && fingerprint.analyticsUntil !== undefined && spellAnalyticsId(fingerprint.id)),
      ...spellShared(told),
      ...(card && {
        ...given('brand', spellBrand(token.scheme, bin)),
        ...given('issuer_name', bin?.issuer),
        ...given('type', spellKind(bin)),
        ...given('variant', bin?.product),
        ...spellCurrency(bin, currenciesRead),
        ...spellNetworkToken(told.networkToken, 'VALID'),
      }),
    },
  }
}

/** wire: verifone §patch */
export const encodePatch = ({ told, issuer }: Told<CardOverview>): Reply => ({
  ...fine(issuer),
  body: {
    ...spellShared(told),
    ...given('card_holder_email', told.card?.email),
    ...spellCurrency(told.bin, currenciesWritten),
    ...spellNetworkToken(told.networkToken, 'ACTIVE'),
  },
})

/** wire: verifone §capture keys */
export const encodeCaptureKey = (key: CaptureKey): Reply => ({ status: 200, body: spellCaptureKey(key) })

export const encodeCaptureKeys = (keys: readonly CaptureKey[]): Reply => ({
  status: 200,
  body: { public_keys: keys.map(spellCaptureKey) },
})

/** As the command line prints it too: the base64 of the armored key. */
const spellCaptureKey = (key: CaptureKey): object => ({
  public_key: Buffer.from(key.publicKey).toString('base64'),
  public_key_alias: aliasOf(key),
  created_at: new Date(key.createdAt).toISOString(),
})

/** A network token of nobody's scheme says so on the reply. Cardkeep's own. */
const fine = (issuer: string | undefined): Pick<Reply, 'status' | 'headers'> => ({
  status: 200,
  ...(issuer !== undefined && { headers: { 'cardkeep-network-tokens': issuer } }),
})

const spellPutToken = ({ overview, analyticsId }: PutToken): object => ({
  ...spellName(overview.token),
  ...(analyticsId && spellAnalyticsId(analyticsId)),
  ...spellShared(overview),
  ...spellCurrency(overview.bin, currenciesWritten),
  ...spellNetworkToken(overview.networkToken, 'VALID'),
})

/** There is no token whose status or type could be told. */
const spellAnalytics = ({
  analyticsId,
  scopeId,
  until,
  at,
  scheme,
  mask,
  card,
  bin,
}: PutAnalytics): object => ({
  ...spellAnalyticsId(analyticsId),
  ...spellCard({ scheme, mask }, card, bin),
  created_at: spellDay(at),
  updated_at: spellDay(at),
  token_expiry_date: spellLastDay(until),
  token_scope: scopeId,
  ...spellCurrency(bin, currenciesWritten),
})

const spellName = (token: CardToken): object => ({
  reuse_token: spellBase32(token.id),
  reuse_token_type: 'INTERNAL',
  token_scope: token.scopeId,
})

const spellAnalyticsId = (id: FingerprintId): object => ({ analytics_token: encodeBase32(bytesOfId(id)) })

const spellShared = ({ token, state, card, bin }: CardOverview): object => ({
  ...(card ? spellCard(token, card, bin) : spellMask(token.mask)),
  created_at: spellDay(token.createdAt),
  updated_at: spellDay(token.updatedAt),
  token_expiry_date: token.expiresAt === undefined ? noLastDay : spellLastDay(token.expiresAt),
  token_status: statuses[state],
})

/** wire: verifone §token, inferred: the API knows no word for a card that is good no more; nor is an expired token ever told. */
const statuses: Readonly<Record<TokenState, 'ACTIVE' | 'SUSPENDED' | 'DELETED'>> = {
  active: 'ACTIVE',
  suspended: 'SUSPENDED',
  invalidated: 'SUSPENDED',
  expired: 'DELETED',
  deleted: 'DELETED',
}

interface Face {
  readonly scheme: Scheme
  readonly mask: Mask
}

const spellMask = ({ bin, last4 }: Mask): object => ({ bin, last_four: last4 })

const spellCard = ({ scheme, mask }: Face, card: Card, bin: BinRecord | undefined): object => ({
  ...spellMask(mask),
  expiry_month: card.expiry.month,
  expiry_year: card.expiry.year,
  // Names that came through other dialects may be longer.
  ...given('card_holder_name', cutHolder(spellHolder(card.holder) ?? '') || undefined),
  issuer_country: spellCountry(bin?.country),
  bin_details: {
    ...spellMask(mask),
    ...given('brand', spellBrand(scheme, bin)),
    issuer_country: spellCountry(bin?.country),
    ...given('issuer_name', bin?.issuer),
    ...given('type', spellKind(bin)),
    ...given('variant', bin?.product),
  },
})

/** wire: verifone §token, verified: these names; others in capitals are inferred. */
const brands: Partial<Record<Scheme, string>> = { unionpay: 'UPI' }

const spellBrand = (scheme: Scheme, bin: BinRecord | undefined): string | undefined =>
  scheme === 'unknown' ? bin?.brand?.toUpperCase() : (brands[scheme] ?? scheme.toUpperCase())

/**
 * wire: verifone §token, inferred: what is paid for before is as debit, what is paid for later as credit, as rules for card
 * fees have it.
 */
const kinds: Readonly<Record<Funding, 'DEBIT' | 'CREDIT'>> = {
  debit: 'DEBIT',
  prepaid: 'DEBIT',
  credit: 'CREDIT',
  charge: 'CREDIT',
  deferred: 'CREDIT',
}

const spellKind = (bin: BinRecord | undefined): string | undefined => bin?.funding && kinds[bin.funding]

const spellCurrency = (bin: BinRecord | undefined, known: readonly string[]): object =>
  bin?.currency !== undefined && known.includes(bin.currency) ? { currency: bin.currency } : {}

/** wire: verifone §where the description contradicts itself: one word for it in each reply. */
const spellNetworkToken = (shown: ShownNetworkToken | undefined, active: 'VALID' | 'ACTIVE'): object => {
  if (!shown) return {}
  const words: Readonly<Record<NetworkTokenStatus, string>> = {
    active,
    suspended: 'SUSPENDED',
    deleted: 'DELETED',
  }
  const { status, issued } = shown
  return {
    scheme_token: {
      status: words[status],
      ...given('network_token', issued?.number && openSecret(issued.number, 'reveal')),
      ...(issued?.expiry && { expiry_month: issued.expiry.month, expiry_year: issued.expiry.year }),
      ...given('payment_account_reference', issued?.accountReference),
    },
  }
}
