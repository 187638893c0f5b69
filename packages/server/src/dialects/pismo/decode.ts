import type { FieldFault, Refusal } from '@cardkeep/core/errors'
import { accountIdAtMost } from '@cardkeep/core/issuing/issued-card'
import { programId } from '@cardkeep/core/issuing/issuer'
import { parseServiceCode } from '@cardkeep/core/issuing/service-code'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { ChangeRotation } from '@cardkeep/core/operations/issuing/change-rotation'
import type { CreateIssuedCard } from '@cardkeep/core/operations/issuing/create-issued-card'
import type { RotateCvv } from '@cardkeep/core/operations/issuing/rotate-cvv'
import type { UpdateIssuedCard } from '@cardkeep/core/operations/issuing/update-issued-card'
import type { VerifyCvv } from '@cardkeep/core/operations/issuing/verify-cvv'
import type { Static } from 'typebox'
import { wrong } from '../../http/field-faults.ts'
import type { RouteInput } from '../../http/route.ts'
import { sortFields } from '../../http/sort-fields.ts'
import { holdsCardNumber, valuesHoldCardNumber } from './texts.ts'
import type { changeRotationBody, createBody, resetBody, updateBody, verifyBody } from './wire.ts'

/* Turns bodies that have passed their schema into commands. A CVV or service code becomes a secret in the first line that sees it. */

type CreateBody = Static<typeof createBody>
type UpdateBody = Static<typeof updateBody>

/** wire: pismo §create */
export const decodeCreate = (input: RouteInput, caller: Caller): Result<CreateIssuedCard, Refusal> => {
  const customerId = readCustomer(input)
  if (!customerId.ok) return customerId
  const body = input.body as CreateBody
  const others = { account: caller.principal.accountId, customer: customerId.value, program: programId }
  const fault = faultOfType(body) ?? faultOfKey(input) ?? faultOfOthers(body, others) ?? faultOfTexts(body)
  if (fault) return refuse(fault)
  return ok({
    customerId: customerId.value,
    name: body.name,
    // wire: pismo §create, inferred: there is no applicant of an account whose name could stand in
    printedName: body.printed_name ?? '',
    rotationHours: body.cvv_rotation_interval_hours,
    contactless: body.contactless_enabled ?? true,
    accountUpdater: body.abu_enabled ?? false,
    transactionLimit: body.transaction_limit,
    metadata: spellMetadata(body),
  })
}

/** All of it, and for whom. Whose account it is stands beside the key. */
export const samenessOfCreate = ({ headers, body }: RouteInput): Secret<string> =>
  new Secret(JSON.stringify([headers['x-customer-id'] ?? null, sortFields(body as CreateBody)]))

/** wire: pismo §update, verified; that an interval is refused is inferred */
export const decodeUpdate = (input: RouteInput): Result<UpdateIssuedCard, Refusal> => {
  const cardId = decodeCardId(input)
  if (!cardId.ok) return cardId
  const body = input.body as UpdateBody
  const fault =
    body.cvv_rotation_interval_hours === undefined
      ? faultOfTexts(body)
      : wrong('cvv_rotation_interval_hours', 'is changed by change-rotation')
  if (fault) return refuse(fault)
  return ok({
    cardId: cardId.value,
    name: body.name,
    printedName: body.printed_name,
    status: body.status,
    contactless: body.contactless_enabled,
    accountUpdater: body.abu_enabled,
    transactionLimit: body.transaction_limit,
    metadata: spellMetadata(body),
  })
}

/** wire: pismo §reset */
export const decodeReset = (input: RouteInput): Result<RotateCvv, Refusal> => {
  const cardId = decodeCardId(input)
  if (!cardId.ok) return cardId
  const text = (input.body as Static<typeof resetBody>)?.service_code
  const serviceCode = text === undefined ? undefined : parseServiceCode(text)
  if (text !== undefined && !serviceCode)
    return refuse(wrong('service_code', 'must be three digits, and neither 000 nor 999'))
  return ok({ cardId: cardId.value, serviceCode })
}

/** wire: pismo §change rotation */
export const decodeChangeRotation = (input: RouteInput): Result<ChangeRotation, Refusal> => {
  const cardId = decodeCardId(input)
  if (!cardId.ok) return cardId
  const { cvv_rotation_interval_hours: hours } = input.body as Static<typeof changeRotationBody>
  return ok({ cardId: cardId.value, hours })
}

/** Cardkeep's own. */
export const decodeVerify = (input: RouteInput): Result<VerifyCvv, Refusal> => {
  const { cvv: text, expiration_date: date } = input.body as Static<typeof verifyBody>
  const cvv = new Secret(text)
  const cardId = decodeCardId(input)
  if (!cardId.ok) return cardId
  return ok({
    cardId: cardId.value,
    cvv,
    expiry:
      date === undefined
        ? undefined
        : { month: Number(date.slice(0, 2)), year: century + Number(date.slice(3)) },
  })
}

const century = 2_000

/** wire: pismo §reset tries: the tenant must be the caller's own, spelled as in events or bare. inferred */
export const decodeResetTries = (input: RouteInput, { principal }: Caller): Result<IssuedCardId, Refusal> => {
  const tenant = input.headers['x-tenant']
  if (tenant === undefined) return refuse({ type: 'MissingField', field: 'x-tenant', within: ['headers'] })
  const isOwn = typeof tenant === 'string' && tenant.replace(/^TN-/, '') === principal.tenant.id
  return isOwn ? decodeCardId(input) : refuse({ type: 'NotPermitted' })
}

/** Whatever is no id is not found. */
export const decodeCardId = ({ params }: RouteInput): Result<IssuedCardId, Refusal> => {
  const id = readWhole(params['cardId'] ?? '')
  return id === undefined ? refuse({ type: 'IssuedCardNotFound' }) : ok(id as IssuedCardId)
}

/** A whole number from 0 as it is usually written; `undefined` for anything else. */
const readWhole = (text: string): number | undefined =>
  /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined

/** An account's or a customer's id, from 1. */
export const readCount = (text: string): number | undefined => {
  const id = readWhole(text) ?? 0
  return id >= 1 && id <= accountIdAtMost ? id : undefined
}

const readCustomer = ({ headers }: RouteInput): Result<number, Refusal> => {
  const text = headers['x-customer-id']
  if (text === undefined) return refuse({ type: 'MissingField', field: 'x-customer-id', within: ['headers'] })
  const id = typeof text === 'string' ? readCount(text) : undefined
  return id === undefined
    ? refuse(wrong('x-customer-id', 'must be a whole number of 1 to 12 digits', ['headers']))
    : ok(id)
}

/** wire: pismo §create: what is not offered is refused rather than passed over, where a card would be another one without it. */
const faultOfType = ({ type, validity_period_hours: validity }: CreateBody): FieldFault | undefined => {
  if (type !== 'VIRTUAL') return wrong('type', 'must be VIRTUAL: no other cards are issued here')
  if (validity !== undefined) return wrong('validity_period_hours', 'is not offered')
  return undefined
}

// wire: pismo §create, verified
const longestKey = 36

const faultOfKey = ({ headers }: RouteInput): FieldFault | undefined => {
  const key = headers['x-idempotency-key']
  return typeof key === 'string' && key.length > longestKey
    ? wrong('x-idempotency-key', `must be ${longestKey} characters at most`, ['headers'])
    : undefined
}

/** Whom a card is for is said by token and header; a body that says it too must not say another. wire: pismo §create, inferred */
const faultOfOthers = (
  body: CreateBody,
  others: Readonly<Record<'account' | 'customer' | 'program', number | undefined>>,
): FieldFault | undefined => {
  for (const field of ['account', 'customer', 'program'] as const) {
    const id = body[field]?.id
    if (id !== undefined && others[field] !== undefined && id !== others[field])
      return wrong('id', whose[field], [field])
  }
  return undefined
}

const whose = {
  account: 'must be the account of the access token',
  customer: 'must be the customer of x-customer-id',
  program: `must be ${programId}: no other programs are offered`,
}

/** Nobody needs more, and it is told with each card. wire: pismo §create, inferred */
const longestMetadata = 4_096

/** What is kept and told in clear must hold no card number. wire: pismo §card numbers in clear text, Cardkeep's own */
const faultOfTexts = (
  body: Pick<UpdateBody, 'name' | 'metadata' | 'transaction_limit'>,
): FieldFault | undefined => {
  if (holdsCardNumber(body.name ?? '')) return wrong('name', 'must not hold a card number')
  if (!isAmount(body.transaction_limit ?? 0))
    return wrong('transaction_limit', 'must have two decimals and twelve digits at most')
  if ((spellMetadata(body)?.length ?? 0) > longestMetadata)
    return wrong('metadata', `must be ${longestMetadata} characters of JSON at most`)
  return valuesHoldCardNumber(body.metadata) ? wrong('metadata', 'must not hold a card number') : undefined
}

/** The shortest card number has thirteen digits. wire: pismo §create, inferred */
const isAmount = (limit: number): boolean =>
  /^\d+(?:\.\d{1,2})?$/.test(String(limit)) && String(limit).replace('.', '').length <= 12

const spellMetadata = ({ metadata }: Pick<UpdateBody, 'metadata'>): string | undefined =>
  metadata === undefined ? undefined : JSON.stringify(metadata)
