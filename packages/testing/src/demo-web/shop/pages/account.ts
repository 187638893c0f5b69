import { html, type Markup } from '../html.ts'
import type { CardToken } from '../vault.ts'
import { type Page, spellAmount, type View } from '../view.ts'
import { drawCard, nameCard, spellExpiry } from './card.ts'

export const showAccount = (view: View): Page => {
  const { texts, customer } = view
  return {
    title: texts.account.title,
    main: html`
      <h1>${texts.account.title}</h1>
      ${customer.savedCard ? savedCard(customer.savedCard, view) : noCard(view)}
      ${orders(view)}`,
  }
}

const savedCard = (card: CardToken, { texts: { account } }: View): Markup => html`
      <section class="saved" aria-labelledby="saved-title">
        <h2 id="saved-title">${account.card}</h2>
        ${drawCard(card)}
        <div>
          <p><strong>${nameCard(card)}</strong><br><span class="small">${account.expires} ${spellExpiry(card)}</span></p>
          <div class="actions">
            <a class="button" href="/again">${account.again}</a>
            <form method="post" action="/account/remove"><button class="button quiet">${account.remove}</button></form>
          </div>
        </div>
      </section>`

const noCard = ({ texts: { account, product } }: View): Markup => html`
      <section class="empty">
        <h2>${account.empty}</h2>
        <p>${account.emptyLead}</p>
        <p><a class="button" href="/checkout">${product.buy}</a></p>
      </section>`

const orders = ({ texts, customer, language }: View): Markup | undefined =>
  customer.orders.size === 0
    ? undefined
    : html`
      <section aria-labelledby="orders-title">
        <h2 id="orders-title">${texts.account.orders}</h2>
        <ul class="orders">
          ${[...customer.orders.values()].toReversed().map(
            ({ id, card, amount }) => html`
          <li><a href="/order?id=${id}">${id}</a><span>${nameCard(card)}</span><span>${spellAmount(amount, language)}</span></li>`,
          )}
        </ul>
      </section>`
