import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { Form } from './form.ts'
import { judgeStandard, makeStandardSecret, signStandard } from './standard-signature.ts'

/** Every event of the vault, each under its own name, as Standard Webhooks 1.0.0 writes and signs them. */
export const standardForm: Form = {
  events: Object.fromEntries(eventTypes.map((type) => [type, [type]])),
  makeSecret: makeStandardSecret,
  write: (event, secret, at) => signStandard({ id: event.id, body: writeBody(event) }, secret, at),
  judge: judgeStandard,
}

const writeBody = ({ type, at, subject, data }: VaultEvent): string =>
  JSON.stringify({
    type,
    timestamp: new Date(at).toISOString(),
    data: { [subject.type]: subject.id, ...data },
  })
