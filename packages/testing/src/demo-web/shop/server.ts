import { createServer } from 'node:http'
import { answer } from './answer.ts'
import { createCustomers } from './customers.ts'
import { findElements } from './elements.ts'
import { send } from './http.ts'
import type { Till } from './payments.ts'
import { createVault } from './vault.ts'

export interface ShopOptions extends Pick<Till, 'providerUrl' | 'receivedFor'> {
  readonly vaultUrl: string
  /** Stays on the server. */
  readonly apiKey: string
}

export interface Shop {
  readonly url: string
  close(): Promise<void>
}

/** A shop as a merchant would write it: it has an API key of the vault, and no way to see a card. */
export const startShop = async ({
  vaultUrl,
  apiKey,
  providerUrl,
  receivedFor,
}: ShopOptions): Promise<Shop> => {
  const till: Till = { vault: createVault(vaultUrl, apiKey), providerUrl, receivedFor }
  const elements = await findElements(vaultUrl)
  const customers = createCustomers()
  let url = ''
  const server = createServer((request, response) => {
    answer({ request, shopUrl: url, till, customers, elements })
      .then((reply) => send(response, reply))
      .catch(() => response.writeHead(500).end())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the shop does not listen on a port')
  url = `http://127.0.0.1:${address.port}`
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
