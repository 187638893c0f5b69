import { testCards } from '../canary/cards.ts'
import { answer, type Behaviour } from '../provider/behaviours.ts'
import { decideCharge, readCharge, type Verdict } from '../provider/charges.ts'

export interface Payments {
  /** What the provider does with a payment. */
  readonly behaviour: Behaviour
  /** The body of a payment as it came, its card number and code masked. */
  receivedFor(reference: string): Readonly<Record<string, unknown>> | undefined
}

/** Payments as the provider of the demo takes them: some published test cards are declined, as they are elsewhere. */
export const createPayments = (): Payments => {
  const received = new Map<string, Readonly<Record<string, unknown>>>()
  return {
    behaviour: ({ headers, body }, response) => {
      const text = body.toString()
      const payment = JSON.parse(text) as PaymentBody
      received.set(payment.reference, mask(payment))
      const charge = readCharge(headers['content-type'] ?? '', text)
      const id = `pay_${received.size.toString(36).padStart(8, '0')}`
      const verdict = decline(charge.card?.number, decideCharge(charge, id))
      answer(response, verdict.status, 'application/json', JSON.stringify(verdict.body))
    },
    receivedFor: (reference) => received.get(reference),
  }
}

interface PaymentBody {
  readonly reference: string
  readonly card: { readonly number: string; readonly cvc: string }
}

const declines: ReadonlyMap<string | undefined, string> = new Map([
  [testCards.visaDeclined, 'do_not_honor'],
  [testCards.visaWithoutFunds, 'insufficient_funds'],
])

const decline = (number: string | undefined, verdict: Verdict): Verdict => {
  const reason = declines.get(number)
  if (reason === undefined || verdict.status !== 200) return verdict
  return { status: 402, body: { ...verdict.body, status: 'declined', decline_code: reason } }
}

const mask = (payment: PaymentBody): Readonly<Record<string, unknown>> => {
  const { number, cvc } = payment.card
  const masked = number.slice(0, 6) + '•'.repeat(number.length - 10) + number.slice(-4)
  return { ...payment, card: { ...payment.card, number: masked, cvc: '•'.repeat(cvc.length) } }
}
