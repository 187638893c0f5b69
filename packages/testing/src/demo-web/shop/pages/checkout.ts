import { html, type Markup } from '../html.ts'
import type { Payment } from '../payments.ts'
import { type Page, spellAmount, type View } from '../view.ts'
import { drawLamp } from './lamp.ts'
import { showPaymentForm } from './payment-form.ts'
import { showProblem } from './problem.ts'
import { showTestCards } from './test-cards.ts'

export const showCheckout = (payment: Payment, view: View): Page => {
  const { checkout } = view.texts
  return {
    title: checkout.title,
    pays: true,
    main: html`
      <h1>${checkout.title}</h1>
      ${showProblem(view)}
      <div class="checkout">
        <section>
          ${showPaymentForm(payment, view)}
          <p class="small">${checkout.kept}</p>
        </section>
        <div class="beside">
          ${showSummary(view)}
          ${showTestCards(view.texts)}
        </div>
      </div>`,
  }
}

export const showSummary = ({ texts, price, language }: View): Markup => {
  const { checkout, product } = texts
  const amount = spellAmount(price, language)
  return html`
    <section class="summary" aria-labelledby="summary-title">
      <h2 id="summary-title">${checkout.summary}</h2>
      <div class="item">
        ${drawLamp(product.picture)}
        <p><strong>${product.name}</strong><br><span class="small">${product.kind}</span></p>
        <p>${amount}</p>
      </div>
      <dl>
        <div><dt>${checkout.deliveryFree}</dt><dd>${spellAmount({ ...price, value: 0 }, language)}</dd></div>
        <div class="total"><dt>${checkout.total}</dt><dd>${amount}</dd></div>
      </dl>
    </section>`
}
