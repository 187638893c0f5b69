import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answer, type Behaviour } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { Webhook } from 'standardwebhooks'
import { cleanUp } from './clean-up.ts'
import type { Ground } from './scenario.ts'

export interface ReceivedEvent {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Receiver {
  /** Everything that came with a signature that verifies, in order, repetitions too. */
  readonly received: readonly ReceivedEvent[]
  /** What came without one. */
  readonly forged: readonly unknown[]
  readonly webhookId: string
}

/** An endpoint of a shop, and the webhook that tells it of these events of a tenant. It takes all unless told otherwise. */
export const startReceiver = async (
  ground: Ground,
  { tenant = 'demo', events, behaviour = take, words: more = [] }: ReceiverOptions,
): Promise<Receiver> => {
  const received: ReceivedEvent[] = []
  const forged: unknown[] = []
  /** None until the secret has been handed out. */
  const verifiers: Webhook[] = []
  const provider = await startProvider({
    answers: {
      '/events': (request, response) => {
        try {
          const headers = request.headers as Record<string, string>
          const event = verifiers[0]?.verify(request.body.toString(), headers) as Omit<ReceivedEvent, 'id'>
          received.push({ ...event, id: headers['webhook-id'] ?? '' })
        } catch (error) {
          forged.push(error)
        }
        behaviour(request, response)
      },
    },
  })
  cleanUp(() => provider.close())
  const ca = join(ground.folder, `receiver-${provider.port}.pem`)
  writeFileSync(ca, provider.caPem)
  const words = ['--tenant', tenant, '--url', `${provider.origin}/events`, '--events', events, '--ca', ca]
  const { webhook_id, secret } = await ground.command<{ webhook_id: string; secret: string }>(
    'webhook',
    'create',
    ...words,
    ...more,
    '--private',
  )
  verifiers.push(new Webhook(secret))
  return { received, forged, webhookId: webhook_id }
}

interface ReceiverOptions {
  readonly tenant?: string
  /** With commas. */
  readonly events: string
  readonly behaviour?: Behaviour
  /** More of the command that makes the webhook. */
  readonly words?: readonly string[]
}

const take: Behaviour = (_, response) => answer(response, 204, 'text/plain', '')
