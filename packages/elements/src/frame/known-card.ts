import { twoDigits } from '@cardkeep/core/cards/expiry'
import { schemeOfDigits } from '@cardkeep/core/cards/scheme'
import { brandNames } from './brands.ts'
import { make } from './dom.ts'
import { drawCard } from './glyphs.ts'
import type { Texts } from './locales/texts.ts'
import type { KnownCard } from './session-state.ts'

/** The card that is known, with its last four digits, as something that is read and not typed into. */
export const showKnownCard = (card: KnownCard, texts: Texts): HTMLElement => {
  const scheme = schemeOfDigits(card.issuerNumber)
  const brand = scheme === 'unknown' ? undefined : brandNames[scheme]
  const expiry = `${twoDigits(card.expiryMonth)} / ${twoDigits(card.expiryYear)}`
  const spoken = texts.describeCard(brand ?? texts.unknownBrand, card.last4, expiry)
  return make(
    'div',
    { class: 'field known' },
    make('span', { class: 'label', 'aria-hidden': 'true' }, texts.knownCard),
    make(
      'div',
      { class: 'box', 'aria-hidden': 'true' },
      make('span', { class: 'mark' }, brand ? markBrand(brand) : drawCard()),
      make('span', { class: 'digits' }, `•••• ${card.last4}`),
      make('span', { class: 'digits until' }, expiry),
    ),
    make('span', { class: 'hidden', id: knownCardId }, spoken),
  )
}

export const knownCardId = 'known-card'

export const markBrand = (name: string): HTMLElement => make('span', { class: 'brand' }, name)
