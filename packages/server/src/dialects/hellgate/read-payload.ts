import type { Holder } from '@cardkeep/core/cards/card'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { dayMs, type EpochMs } from '@cardkeep/core/kernel/time'
import type { CaptureAnswer } from '@cardkeep/core/sessions/capture-answer'
import type { CaptureWish } from '@cardkeep/core/sessions/capture-session'
import type { Static, TSchema } from 'typebox'
import { Errors } from 'typebox/value'
import { readStrictJson } from '../../http/strict-json.ts'
import { readCard, readHolder } from './decode.ts'
import { readMoment } from './moment.ts'
import { cardPayload, codePayload } from './wire.ts'

export type ReadPayload = (text: Secret<string>) => Result<CaptureAnswer, Refusal>

export interface ReadingWish {
  readonly answers: CaptureWish['type']
  /** The name, if it came beside the payload. */
  readonly holder: Holder | undefined
  /** Of now. */
  readonly at: EpochMs
}

/** Reads what a browser sealed. wire: hellgate §payloads, verified. */
export const readPayload =
  ({ answers, holder, at }: ReadingWish): ReadPayload =>
  (text) =>
    answers === 'tokenize' ? readCardAnswer(text, holder, at) : readCodeAnswer(text)

const readCardAnswer = (
  text: Secret<string>,
  outside: Holder | undefined,
  at: EpochMs,
): Result<CaptureAnswer, Refusal> => {
  const fields = readFields(text, cardPayload)
  if (!fields.ok) return fields
  const { cardholder_name: name, additional_data: more, security_code: code } = fields.value
  const holder = readHolder(name) ?? readHolder(more?.cardholder_name) ?? outside
  const read = readCard(fields.value, code, holder)
  if (!read.ok) return read
  const lifetimeMs = readLifetime(fields.value, at)
  if (!lifetimeMs.ok) return lifetimeMs
  return ok({ type: 'tokenize', ...read.value, lifetimeMs: lifetimeMs.value })
}

/** It is held against the scheme of its card by whoever knows that card. */
const readCodeAnswer = (text: Secret<string>): Result<CaptureAnswer, Refusal> => {
  const fields = readFields(text, codePayload)
  return fields.ok ? ok({ type: 'refresh code', code: new Secret(fields.value.security_code) }) : fields
}

const readFields = <S extends TSchema>(text: Secret<string>, schema: S): Result<Static<S>, Refusal> => {
  const json = readStrictJson(Buffer.from(openSecret(text, 'check')), { keepsNumbers: false })
  if (!json.ok) return refuse({ type: 'PayloadNotReadable' })
  const [wrong] = Errors(schema, json.value)
  if (!wrong) return ok(json.value as Static<S>)
  const path = wrong.instancePath.split('/').filter(Boolean)
  if (wrong.keyword === 'required') {
    const [field = ''] = wrong.params.requiredProperties
    return refuse({ type: 'MissingField', field, ...(path.length > 0 && { within: path }) })
  }
  // Every name on the way is the schema's own, because what it does not list is passed over.
  const field = path.pop()
  if (field === undefined) return refuse({ type: 'PayloadNotReadable' })
  return refuse({ type: 'InvalidField', field, ...(path.length > 0 && { within: path }) })
}

/** wire: hellgate §payloads: that the date wins is verified; a day without one, and thirty days at most, is inferred. */
const readLifetime = (
  { ephemeral, expiration_date: date }: Static<typeof cardPayload>,
  at: EpochMs,
): Result<number | undefined, Refusal> => {
  if (date === undefined) return ok(ephemeral ? dayMs : undefined)
  const moment = readMoment(date)
  const lifetimeMs = moment ? moment.after - 1 - at : 0
  if (lifetimeMs <= 0) return refuse({ type: 'InvalidField', field: 'expiration_date' })
  return ok(Math.min(lifetimeMs, longestMs))
}

const longestMs = 30 * dayMs
