import { type Customer, forgetOldest, type Problem } from './customers.ts'
import { showAccount } from './pages/account.ts'
import { showAgain } from './pages/again.ts'
import { showCheckout } from './pages/checkout.ts'
import { showOrder } from './pages/order.ts'
import { showNotFound } from './pages/problem.ts'
import { showProduct } from './pages/product.ts'
import { type Outcome, openPayment, type Payment, settlePayment, type Till } from './payments.ts'
import type { CardToken } from './vault.ts'
import type { Page, View } from './view.ts'

export interface Visit {
  readonly till: Till
  readonly view: View
  readonly customer: Customer
  readonly query: URLSearchParams
  readonly form: URLSearchParams
}

export type Reply =
  | { readonly type: 'page'; readonly status: number; readonly page: Page }
  | {
      readonly type: 'redirect'
      readonly to: string
      /** Cookies to set, by name. */
      readonly choices?: Readonly<Record<string, string>>
    }

/** What the shop answers, by method and path. */
export const routes: Readonly<Record<string, (visit: Visit) => Reply | Promise<Reply>>> = {
  'GET /': ({ view }) => show(showProduct(view)),
  'GET /checkout': async (visit) => {
    const payment = await begin(visit, undefined)
    return show(showCheckout(payment, visit.view), visit)
  },
  'GET /again': async (visit) => {
    const { savedCard } = visit.customer
    if (!savedCard) return redirect('/account')
    const payment = await begin(visit, savedCard)
    return show(showAgain(payment, savedCard, visit.view), visit)
  },
  'POST /pay': async ({ till, customer, form }) => {
    const payment = customer.payments.get(form.get('payment') ?? '')
    if (!payment) return redirect('/checkout')
    return conclude(await settlePayment(till, payment), payment, customer)
  },
  'GET /order': ({ view, customer, query }) => {
    const order = customer.orders.get(query.get('id') ?? '')
    return order ? show(showOrder(order, view)) : notFound(view)
  },
  'GET /account': ({ view }) => show(showAccount(view)),
  'POST /account/remove': async ({ till, customer }) => {
    const card = customer.savedCard
    customer.savedCard = undefined
    if (card) await till.vault.removeCard(card.id, customer.journal.begin('The saved card is removed'))
    return redirect('/account')
  },
  'GET /preferences': ({ query }) => {
    const choices = Object.fromEntries([...query].filter(([name]) => name === 'lang' || name === 'theme'))
    return { ...redirect(ownPath(query.get('back'))), choices }
  },
}

export const notFound = (view: View): Reply => ({ type: 'page', status: 404, page: showNotFound(view) })

/** A page that told of a problem has told it; the next one does not. */
const show = (page: Page, visit?: Visit): Reply => {
  if (visit) visit.customer.problem = undefined
  return { type: 'page', status: 200, page }
}

const redirect = (to: string) => ({ type: 'redirect', to }) as const

const keptPayments = 20

const begin = async ({ till, view, customer }: Visit, card: CardToken | undefined): Promise<Payment> => {
  const payment = await openPayment(till, view.price, card, customer.journal)
  customer.payments.set(payment.id, payment)
  forgetOldest(customer.payments, keptPayments)
  return payment
}

const conclude = (outcome: Outcome, { wish }: Payment, customer: Customer): Reply => {
  if (outcome.type === 'paid') {
    const { order } = outcome
    customer.orders.set(order.id, order)
    customer.savedCard = order.card
    return redirect(`/order?id=${order.id}`)
  }
  customer.problem = problemOf(outcome)
  return redirect(wish === 'card' ? '/checkout' : '/again')
}

const problemOf = (outcome: Exclude<Outcome, { type: 'paid' }>): Problem =>
  outcome.type === 'declined' && outcome.reason === 'insufficient_funds' ? 'without funds' : outcome.type

/** Back to a page of the shop and nowhere else. Browsers leave out tabs and line breaks before they read an address. */
const ownPath = (path: string | null): string =>
  path !== null && /^\/(?![/\\])[!-~]*$/.test(path) ? path : '/'
