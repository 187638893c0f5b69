import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Some cards to encrypt, by their places among the cards of a load. */
export interface Encryption {
  /** As the vault gives it out. */
  readonly publicKey: string
  readonly first: number
  readonly count: number
}

/** Threads that encrypt as browsers and apps do, one for each core. */
export const startClients = (): readonly Worker[] =>
  Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('capture-client.ts', import.meta.url)),
  )

/** In the order of the cards; the time of capture is that of now. */
export const encryptCards = async (
  clients: readonly Worker[],
  { publicKey, first, count }: Encryption,
): Promise<readonly string[]> => {
  const share = Math.ceil(count / clients.length)
  const parts = clients.map(async (client, at) => {
    const from = at * share
    const part: Encryption = {
      publicKey,
      first: first + from,
      count: Math.max(0, Math.min(share, count - from)),
    }
    const answered = once(client, 'message')
    client.postMessage(part)
    const [made] = (await answered) as [readonly string[]]
    return made
  })
  return (await Promise.all(parts)).flat()
}

export const closeClients = async (clients: readonly Worker[]): Promise<void> => {
  await Promise.all(clients.map((client) => client.terminate()))
}
