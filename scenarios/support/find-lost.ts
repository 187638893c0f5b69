import type { Ground } from './scenario.ts'
import type { Shop } from './shop.ts'

const elsewhere = 'https://provider.invalid/v1/charges'

/** Lets the demo tenant name a place to send to, which `findLost` needs. */
export const allowElsewhere = ({ command }: Ground): Promise<unknown> =>
  command('destination', 'allow', '--tenant', 'demo', '--origin', new URL(elsewhere).origin)

const callers = 16

/**
 * Tokens that are unknown, or whose card does not open: only an opened card says that no name came with it. Asking each for
 * a code would say so too, but so many codes that are not held are taken for guesses.
 */
export const findLost = async (shop: Shop, tokens: readonly string[]): Promise<readonly string[]> => {
  const left = [...tokens]
  const lost: string[] = []
  const look = async (): Promise<void> => {
    for (let token = left.pop(); token !== undefined; token = left.pop()) {
      const body = { token, proxy_url: elsewhere, request_data: { name: '${firstName}' } }
      const { body: refused } = await shop.call('POST', '/proxy/transaction', { body })
      if (refused['message'] !== noName) lost.push(token)
    }
  }
  await Promise.all(Array.from({ length: callers }, look))
  return lost
}

const noName = 'Invalid value for request_data: first name'
