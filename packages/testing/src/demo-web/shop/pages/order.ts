import { html } from '../html.ts'
import type { Order } from '../payments.ts'
import { type Page, spellAmount, type View } from '../view.ts'
import { drawCard, nameCard } from './card.ts'

export const showOrder = (order: Order, { texts, language }: View): Page => ({
  title: texts.order.title,
  main: html`
      <section class="done">
        <svg class="tick" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
          <circle cx="24" cy="24" r="22"/><path d="m15 25 6.5 6.500L34 18.5"/>
        </svg>
        <h1>${texts.order.title}</h1>
        <p class="lead">${texts.order.lead}</p>
        ${drawCard(order.card)}
        <dl class="facts">
          <div><dt>${texts.order.number}</dt><dd>${order.id}</dd></div>
          <div><dt>${texts.checkout.total}</dt><dd>${spellAmount(order.amount, language)}</dd></div>
          <div><dt>${texts.order.paidWith}</dt><dd>${nameCard(order.card)}</dd></div>
        </dl>
        <p><a class="button" href="/account">${texts.order.next}</a></p>
      </section>`,
})
