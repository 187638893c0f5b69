import type { SealedCapture } from '@cardkeep/core/captures/captured-card'
import { type CodePolicy, policyOf } from '@cardkeep/core/codes/policy'
import type { FieldFault, Refusal } from '@cardkeep/core/errors'
import { parseId, type ScopeId, type TokenId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { NetworkTokenAction } from '@cardkeep/core/network-tokens/network-token'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { PutCard } from '@cardkeep/core/operations/tokens/put-card'
import type { UpdateToken } from '@cardkeep/core/operations/tokens/update-token'
import type { Clock } from '@cardkeep/core/ports'
import type { Static } from 'typebox'
import { readCodePolicy } from '../../http/code-policy-header.ts'
import { refusalOfFaults, wrong } from '../../http/field-faults.ts'
import { readTokenId } from '../../http/read-ids.ts'
import type { RouteInput } from '../../http/route.ts'
import { endOfDay } from './days.ts'
import { readCaptured } from './read-captured.ts'
import { holdsCheckedDigits, holdsManyDigits } from './texts.ts'
import type { patchBody, putBody } from './wire.ts'

/* Turns bodies that have passed their schema into commands. A code becomes a secret in the first line that sees it. */

type PutBody = Static<typeof putBody>
type PatchBody = Static<typeof patchBody>

/** wire: verifone §put */
export const decodePut =
  ({ now }: Pick<Clock, 'now'>) =>
  (input: RouteInput, caller: Caller): Result<PutCard, Refusal> => {
    const body = input.body as PutBody
    const faults = [...faultsOfTokenType(body), ...faultsOfEnd(body.token_expiry_date, now())]
    if (faults.length > 0) return refuse(refusalOfFaults(faults))
    const scopeId = parseId<ScopeId>(body.token_scope)
    // A UUID of another version is the id of nothing here.
    if (!scopeId) return refuse({ type: 'ScopeNotFound' })
    const policy = decodePolicy(input, caller)
    if (!policy.ok) return policy
    return ok({
      scopeId,
      capture: sealedCapture(body.encrypted_card, body.public_key_alias),
      wants: wishes[body.token_type ?? 'REUSE'],
      until: endOfDay(body.token_expiry_date),
      policy: policy.value,
    })
  }

const wishes: Readonly<Record<NonNullable<PutBody['token_type']>, PutCard['wants']>> = {
  REUSE: 'reuse',
  ANALYTICS: 'analytics',
  REUSE_AND_ANALYTICS: 'both',
}

/** wire: verifone §put: tokens of others would have to be asked for there; that nobody is asked is inferred. */
const faultsOfTokenType = ({
  reuse_token_type: type,
  token_context: context,
}: PutBody): readonly FieldFault[] => {
  if (type === undefined || type === 'INTERNAL') return []
  const named = context?.entity_id ?? context?.payment_provider_contract
  return [
    wrong('reuse_token_type', `cannot be ${type}: no provider of external tokens is connected here`),
    ...(named === undefined
      ? [
          wrong(
            'token_context',
            `must have entity_id or payment_provider_contract where reuse_token_type is ${type}`,
          ),
        ]
      : []),
  ]
}

/** wire: verifone §patch, verified; what else is refused is inferred. */
export const decodePatch =
  ({ now }: Pick<Clock, 'now'>) =>
  (input: RouteInput, caller: Caller): Result<UpdateToken, Refusal> => {
    const tokenId = decodeTokenId(input)
    if (!tokenId.ok) return tokenId
    const body = input.body as PatchBody
    const { cvv, encrypted_card: encrypted, public_key_alias: alias, card_holder_email: email } = body
    const code = cvv === undefined ? undefined : new Secret(cvv)
    const faults = [
      ...(encrypted !== undefined && alias === undefined
        ? [wrong('public_key_alias', 'is missing: it names the key that encrypted_card is for')]
        : []),
      ...(cvv !== undefined && !/^\d{3,4}$/.test(cvv) ? [wrong('cvv', 'must be three or four digits')] : []),
      ...(body.card_holder_name !== undefined && holdsManyDigits(body.card_holder_name)
        ? [wrong('card_holder_name', 'must be a name with fewer than twelve digits')]
        : []),
      ...(email !== undefined && holdsCheckedDigits(email)
        ? [wrong('card_holder_email', 'must not hold a card number')]
        : []),
      ...(body.expiry_year !== undefined && !isYear(body.expiry_year)
        ? [wrong('expiry_year', 'must be a year of this century, of four digits')]
        : []),
      ...faultsOfEnd(body.token_expiry_date, now()),
    ]
    if (faults.length > 0) return refuse(refusalOfFaults(faults))
    const policy = decodePolicy(input, caller)
    if (!policy.ok) return policy
    const { scheme_token_action: action, token_expiry_date: end } = body
    return ok({
      tokenId: tokenId.value,
      capture: encrypted === undefined || alias === undefined ? undefined : sealedCapture(encrypted, alias),
      code,
      // wire: verifone §patch, inferred: an empty name is none, as in what a client captures
      holderName: body.card_holder_name || undefined,
      email,
      expiryMonth: body.expiry_month,
      expiryYear: body.expiry_year,
      until: endOfDay(end),
      networkToken: action && actions[action],
      policy: policy.value,
    })
  }

const actions: Readonly<Record<NonNullable<PatchBody['scheme_token_action']>, NetworkTokenAction>> = {
  ACTIVATE: 'activate',
  SUSPEND: 'suspend',
  DELETE: 'delete',
}

const isYear = (year: number): boolean => year >= 2000 && year <= 2099

export const decodeTokenId = ({ params }: RouteInput): Result<TokenId, Refusal> => readTokenId(params['id'])

/** The core speaks of a card that was captured; where the body said it instead, the body is what is wrong. */
export const blameBody =
  ({ code, expiryMonth, expiryYear }: UpdateToken) =>
  (refusal: Refusal): Refusal => {
    const year = expiryYear === undefined ? undefined : 'expiry_year'
    const month = expiryMonth === undefined ? undefined : 'expiry_month'
    switch (refusal.type) {
      case 'InvalidCode':
        return code ? wrong('cvv', 'is not a security code of this card') : refusal
      case 'InvalidExpiryMonth':
        return month ? wrong(month, 'is not a month') : refusal
      case 'InvalidExpiryYear':
        return year ? wrong(year, 'is not a year in which a card can expire') : refusal
      case 'CardExpired': {
        const field = year ?? month
        return field ? wrong(field, 'has passed: the card has expired') : refusal
      }
      default:
        return refusal
    }
  }

const sealedCapture = (ciphertext: string, alias: string): SealedCapture => ({
  alias,
  ciphertext,
  read: readCaptured,
})

const decodePolicy = ({ headers }: RouteInput, { principal }: Caller): Result<CodePolicy, Refusal> => {
  const policy = readCodePolicy(headers, policyOf(principal.tenant, 'verifone'))
  if (policy.ok || policy.error.type !== 'InvalidField') return policy
  return refuse({ ...policy.error, within: ['headers'] })
}

/** wire: verifone §put: the day is the last one; that it must not have passed is inferred. */
const faultsOfEnd = (date: string | undefined, at: EpochMs): readonly FieldFault[] =>
  date === undefined || (endOfDay(date) ?? at) > at
    ? []
    : [wrong('token_expiry_date', 'has passed: a token ends with this day, in UTC')]
