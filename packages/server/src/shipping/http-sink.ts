import type { Destination } from '@cardkeep/core/destinations/destination'
import type { Refusal } from '@cardkeep/core/errors'
import type { DestinationId, TenantId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Egress } from '@cardkeep/core/ports'
import { type AuditSink, SinkFailure } from './sink.ts'

export interface HttpSinkOptions {
  readonly name: string
  readonly url: string
  /** PEM. */
  readonly ca: string | undefined
  /** Read each time, so that it can be renewed. */
  readonly readToken: () => string | undefined
}

/** Posts lines of JSON; any 2xx means that the other side has them. */
export const createHttpSink = (
  egress: Pick<Egress, 'admit' | 'send'>,
  { name, url, ca, readToken }: HttpSinkOptions,
): AuditSink => ({
  name,
  write: async (lines) => {
    const token = readToken()
    const admitted = egress.admit({
      url,
      method: 'POST',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      destinations: [destinationOf(url, ca)],
    })
    if (!admitted.ok) throw new SinkFailure(`not admitted: ${admitted.error.type}`)
    const outcome = await egress.send(admitted.value, {
      body: new Secret(lines.map((line) => `${line}\n`).join('')),
      contentType: 'application/x-ndjson',
      pan: undefined,
      accountNumber: undefined,
      code: undefined,
    })
    if (outcome.type === 'refused') throw new SinkFailure(describe(outcome.refusal))
    const { status } = outcome.answer
    if (status < 200 || status > 299) throw new SinkFailure(`status ${status}`)
  },
  close: async () => {},
})

const describe = (refusal: Refusal): string =>
  refusal.type === 'ForwardFailed' ? refusal.reason : refusal.type

const nobody = '00000000-0000-4000-8000-000000000000'

/** The operator of the vault named it in the settings, so it may be anywhere. */
const destinationOf = (url: string, ca: string | undefined): Destination => ({
  id: nobody as DestinationId,
  tenantId: nobody as TenantId,
  origin: new URL(url).origin,
  pathPrefix: undefined,
  methods: ['POST'],
  ca,
  client: undefined,
  headers: [],
  allowPrivate: true,
  createdAt: epochMs(0),
})
