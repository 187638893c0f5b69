import { html } from '../html.ts'
import type { Payment } from '../payments.ts'
import type { CardToken } from '../vault.ts'
import type { Page, View } from '../view.ts'
import { drawCard } from './card.ts'
import { showSummary } from './checkout.ts'
import { showPaymentForm } from './payment-form.ts'
import { showProblem } from './problem.ts'

/** For a customer whose card is known: only the code is asked for. */
export const showAgain = (payment: Payment, card: CardToken, view: View): Page => {
  const { again, checkout } = view.texts
  return {
    title: again.title,
    pays: true,
    main: html`
      <h1>${again.title}</h1>
      ${showProblem(view)}
      <div class="checkout">
        <section>
          <p class="lead">${again.lead}</p>
          ${drawCard(card)}
          ${showPaymentForm(payment, view)}
          <p><a href="/checkout">${checkout.useOther}</a></p>
        </section>
        <div class="beside">${showSummary(view)}</div>
      </div>`,
  }
}
