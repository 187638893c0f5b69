import type { VaultEvent } from '@cardkeep/core/events/event'
import { programId } from '@cardkeep/core/issuing/issuer'
import { bytesOfId, type CardHashId } from '@cardkeep/core/kernel/ids'
import type { Form } from './form.ts'
import { judgeStandard, makeStandardSecret, signStandard } from './standard-signature.ts'

/*
 * The events of Pismo. They know one of the vault's. Pismo itself delivers to queues and files; over HTTP it goes with the
 * headers of Standard Webhooks. wire: pismo §delivery, inferred
 */
export const pismoForm: Form = {
  events: { rotate_cvv: ['rotate_cvv'] },
  makeSecret: makeStandardSecret,
  write: (event, secret, at) =>
    event.type === 'rotate_cvv'
      ? signStandard({ id: event.id, body: writeBody(event) }, secret, at)
      : undefined,
  judge: judgeStandard,
}

/** wire: pismo §envelope, verified */
const writeBody = ({ id, tenantId, at, subject, data }: VaultEvent): string =>
  JSON.stringify({
    event_id: id,
    domain: 'cards',
    event_type: data['eventType'],
    schema_version: 1,
    org_id: `TN-${tenantId}`,
    cid: data['correlationId'],
    timestamp: new Date(at).toISOString(),
    data: spellCard(data, subject.id),
  })

/** wire: pismo §event: up to `expiration_date` verified, the rest inferred */
const spellCard = (data: VaultEvent['data'], hash: string): object => ({
  account_id: data['accountId'],
  card_hash: Buffer.from(bytesOfId(hash as CardHashId)).toString('base64'),
  card_id: data['cardId'],
  card_last_four_numbers: data['last4'],
  card_name: data['name'],
  card_printed_name: data['printedName'],
  card_status: data['status'],
  contactless_enabled: data['contactless'],
  cvv_next_rotation_date: data['nextRotationAt'],
  cvv_rotation_type: data['rotationType'],
  expiration_date: data['expiresAt'],
  issuing_date: data['createdAt'],
  program_id: programId,
  status: 'SUCCESS',
  abu_enabled: data['accountUpdater'],
  operation_type: data['operation'],
})
