import { html, type Markup } from '../html.ts'
import type { CardToken } from '../vault.ts'

/** The picture of a card, as the vault draws it. */
export const drawCard = (card: CardToken): Markup =>
  card.artUrl === undefined
    ? html`<p class="card-name">${nameCard(card)}</p>`
    : html`<img class="card-art" src="${card.artUrl}" width="320" height="202" alt="${nameCard(card)}">`

/** `Visa •••• 4242` */
export const nameCard = ({ scheme, last4 }: CardToken): string => `${scheme} •••• ${last4}`

/** `12/30` */
export const spellExpiry = ({ expiryMonth, expiryYear }: CardToken): string =>
  `${String(expiryMonth).padStart(2, '0')}/${String(expiryYear).slice(-2)}`
