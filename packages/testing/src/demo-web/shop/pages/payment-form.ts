import { html, type Markup } from '../html.ts'
import type { Payment } from '../payments.ts'
import { spellAmount, type View } from '../view.ts'

/**
 * The form carries only the payment's id. The vault's field is mounted into `#field` by pay.js; the name has no `name`,
 * so it goes to the vault with the card and not to the shop.
 */
export const showPaymentForm = (payment: Payment, { texts, language, elements }: View): Markup => {
  const { checkout, again, problem } = texts
  return html`
    <form class="pay" method="post" action="/pay"
      data-vault="${elements.vaultUrl}" data-session="${payment.sessionId}" data-wish="${payment.wish}"
      data-paying="${checkout.paying}" data-expired="${problem.session}" data-broken="${problem.field}">
      <input type="hidden" name="payment" value="${payment.id}">
      ${payment.wish === 'card' ? nameField(checkout.name) : undefined}
      <div id="field" class="element" data-state="loading"></div>
      <div class="problem" role="alert" hidden>
        <p></p>
        <a href="">${problem.reload}</a>
      </div>
      <button class="button wide" type="submit" disabled aria-describedby="hint">
        ${checkout.pay(spellAmount(payment.amount, language))}
      </button>
      <p id="hint" class="small">${payment.wish === 'card' ? checkout.incomplete : again.incomplete}</p>
      <p class="small private">${lock}<span>${checkout.private}</span></p>
    </form>`
}

const nameField = (label: string): Markup => html`
      <p class="field">
        <label for="cardholder">${label}</label>
        <input id="cardholder" autocomplete="cc-name" required maxlength="60">
      </p>`

const lock = html`<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
  <path d="M4.5 7V5a3.5 3.5 0 0 1 7 0v2" fill="none" stroke="currentColor" stroke-width="1.5"/>
  <rect x="3" y="7" width="10" height="7.5" rx="1.5" fill="currentColor"/>
</svg>`
