import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'
import { cleanUp } from './clean-up.ts'

type Place = { readonly url: string }

export interface Balancer<Vault extends Place> {
  /** One of those that are ready, each in its turn. */
  readonly choose: () => Vault
  readonly add: (vault: Vault) => void
  readonly isUsed: (vault: Place) => boolean
}

const lookEveryMs = 100

/** What a balancer does: it asks each vault again and again whether it is ready, and sends requests to those that are. */
export const startBalancer = <Vault extends Place>(vaults: readonly Vault[]): Balancer<Vault> => {
  const all = [...vaults]
  let ready: readonly Vault[] = [...vaults]
  let turn = 0
  let isOver = false
  const look = async (): Promise<void> => {
    while (!isOver) {
      const answers = await Promise.all(all.map(async (one) => ((await isReady(one)) ? [one] : [])))
      ready = answers.flat()
      await wait(lookEveryMs)
    }
  }
  const looking = look()
  cleanUp(async () => {
    isOver = true
    await looking
  })
  return {
    choose: () => {
      const chosen = ready[turn++ % ready.length]
      if (!chosen) throw new Error('no vault is ready')
      return chosen
    },
    add: (vault) => void all.push(vault),
    isUsed: (vault) => ready.some(({ url }) => url === vault.url),
  }
}

const isReady = async ({ url }: Place): Promise<boolean> => {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`)
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}
