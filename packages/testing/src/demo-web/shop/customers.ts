import { randomUUID } from 'node:crypto'
import { createJournal, type Journal } from './journal.ts'
import type { Order, Payment } from './payments.ts'
import type { CardToken } from './vault.ts'

/** What the shop remembers of a customer. Nothing here is card data. */
export interface Customer {
  readonly id: string
  readonly journal: Journal
  readonly payments: Map<string, Payment>
  readonly orders: Map<string, Order>
  savedCard: CardToken | undefined
  /** What went wrong, for the next page to say once. */
  problem: Problem | undefined
}

export type Problem = 'declined' | 'without funds' | 'not sent' | 'unclear'

export interface Customers {
  /** The customer of a cookie, or a new one. */
  find(id: string | undefined): Customer
}

const keptCustomers = 200

export const createCustomers = (): Customers => {
  const customers = new Map<string, Customer>()
  return {
    find: (id) => {
      const known = id === undefined ? undefined : customers.get(id)
      if (known) return known
      const customer = newCustomer()
      customers.set(customer.id, customer)
      forgetOldest(customers, keptCustomers)
      return customer
    },
  }
}

/** A map walks its entries in the order in which they came. */
export const forgetOldest = (kept: Map<string, unknown>, limit: number): void => {
  for (const key of kept.keys()) {
    if (kept.size <= limit) return
    kept.delete(key)
  }
}

const newCustomer = (): Customer => ({
  id: randomUUID(),
  journal: createJournal(),
  payments: new Map(),
  orders: new Map(),
  savedCard: undefined,
  problem: undefined,
})
