import { testCards } from '../../../canary/cards.ts'
import { html, type Markup } from '../html.ts'
import type { Texts } from '../texts/texts.ts'

/** Numbers that are published for tests, with what the demo's provider answers for them. */
export const showTestCards = ({ testCards: texts }: Texts): Markup => html`
    <aside class="test-cards" aria-labelledby="test-cards-title">
      <h2 id="test-cards-title">${texts.title}</h2>
      <p class="small">${texts.lead}</p>
      <ul>
        ${rows.map(
          ({ scheme, number, meaning }) => html`
        <li>
          <button type="button" class="number" data-copy="${number}" data-copied="${texts.copied}">${space(number)}</button>
          <span>${scheme} · ${texts[meaning]}</span>
        </li>`,
        )}
      </ul>
      <p class="small">${texts.rest}</p>
      <p class="unseen" role="status"></p>
    </aside>`

const rows = [
  { scheme: 'Visa', number: testCards.visa2, meaning: 'approved' },
  { scheme: 'Mastercard', number: testCards.mastercard, meaning: 'approved' },
  { scheme: 'American Express', number: testCards.amex, meaning: 'fourDigits' },
  { scheme: 'Visa', number: testCards.visaDeclined, meaning: 'declined' },
  { scheme: 'Visa', number: testCards.visaWithoutFunds, meaning: 'withoutFunds' },
] as const

/** In groups as on the card: fifteen digits stand as 4, 6 and 5. */
const space = (number: string): string =>
  number.length === 15 ? number.replace(/(.{4})(.{6})/, '$1 $2 ') : number.replace(/.{4}(?=.)/g, '$& ')
