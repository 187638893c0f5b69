import type { Holder } from '@cardkeep/core/cards/card'
import { defaultPolicies } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { ok, type Result } from '@cardkeep/core/kernel/result'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { AnswerSession } from '@cardkeep/core/operations/sessions/answer-session'
import type { CaptureWish } from '@cardkeep/core/sessions/capture-session'
import type { Static } from 'typebox'
import type { RouteInput } from '../../http/route.ts'
import { decodeSessionId, readHolder } from './decode.ts'
import { readPayload } from './read-payload.ts'
import type { completeActionBody } from './wire.ts'

export interface CompleteAction {
  readonly id: CaptureId
  readonly answers: CaptureWish['type']
  readonly payload: string
  /** The name, where it came beside the payload. */
  readonly holder: Holder | undefined
}

export const decodeCompleteAction = (input: RouteInput): Result<CompleteAction, Refusal> => {
  const id = decodeSessionId(input)
  if (!id.ok) return id
  const { action, result } = input.body as Static<typeof completeActionBody>
  return ok({
    id: id.value,
    answers: wishes[action],
    payload: result.enc_payload,
    holder: readHolder(result.additional_data?.cardholder_name),
  })
}

const wishes: Readonly<Record<Static<typeof completeActionBody>['action'], CaptureWish['type']>> = {
  tokenize_card: 'tokenize',
  refresh_security_code: 'refresh code',
}

export const toAnswer = ({ id, answers, payload, holder }: CompleteAction, at: EpochMs): AnswerSession => ({
  id,
  answers,
  payload,
  read: readPayload({ answers, holder, at }),
  defaultPolicy: defaultPolicies.hellgate,
})
