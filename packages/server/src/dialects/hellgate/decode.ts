import { type Card, type Holder, type SecurityCode } from '@cardkeep/core/cards/card'
import { parseCode } from '@cardkeep/core/cards/code'
import { parseExpiry, twoDigits } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { schemeOf } from '@cardkeep/core/cards/scheme'
import { policyOf } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import { type CaptureId, parseId, type TokenId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { OpenSession } from '@cardkeep/core/operations/sessions/open-session'
import type { TokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import type { Static } from 'typebox'
import { readCodePolicy } from '../../http/code-policy-header.ts'
import { readTokenId } from '../../http/read-ids.ts'
import type { RouteInput } from '../../http/route.ts'
import { sortFields } from '../../http/sort-fields.ts'
import type { importBody, tokenSessionBody } from './wire.ts'

/* Turns bodies that have passed their schema into commands. Card numbers and codes become secrets in the first line. */

/** wire: hellgate §import, verified; that an expired card is taken and a new token made is inferred. */
export const decodeImport = (
  { body, headers }: RouteInput,
  { principal }: Caller,
): Result<TokenizeCard, Refusal> => {
  const fields = body as Static<typeof importBody>
  const read = readCard(fields, fields.security_code ?? undefined, readHolder(fields.cardholder_name))
  if (!read.ok) return read
  const policy = readCodePolicy(headers, policyOf(principal.tenant, 'hellgate'))
  if (!policy.ok) return policy
  return ok({
    ...read.value,
    policy: policy.value,
    heldBy: 'token',
    takesExpired: true,
    test: false,
    lifetimeMs: undefined,
  })
}

/** All of a request but its code: only whether one came. */
export const samenessOfImport = ({ body, headers }: RouteInput): Secret<string> => {
  const { security_code: code, ...kept } = body as Static<typeof importBody>
  return new Secret(
    JSON.stringify([sortFields(kept), typeof code === 'string', headers['cardkeep-code-policy'] ?? null]),
  )
}

interface CardFields {
  readonly account_number: string
  readonly expiry_month: number
  readonly expiry_year: number
}

export const readCard = (
  { account_number, expiry_month, expiry_year }: CardFields,
  codeText: string | undefined,
  holder: Holder | undefined,
): Result<{ readonly card: Card; readonly code: SecurityCode | undefined }, Refusal> => {
  const pan = parsePan(new Secret(account_number))
  if (!pan.ok) return pan
  const expiry = parseExpiry(twoDigits(expiry_month), String(expiry_year))
  if (!expiry.ok) return expiry
  const code = codeText === undefined ? ok(undefined) : parseCode(new Secret(codeText), schemeOf(pan.value))
  if (!code.ok) return code
  return ok({ card: { type: 'card', pan: pan.value, expiry: expiry.value, holder }, code: code.value })
}

/** The name as one text: nobody can tell where a first name ends. */
export const readHolder = (name: string | null | undefined): Holder | undefined =>
  name ? { firstName: undefined, lastName: undefined, fullName: name } : undefined

/** wire: hellgate §sessions: `bypass_identification` is taken and changes nothing, because nobody is identified; inferred. */
export const decodeTokenSession = ({ body }: RouteInput): Result<OpenSession, Refusal> => {
  const { expiration_time: seconds } = (body as Static<typeof tokenSessionBody> | undefined) ?? {}
  return ok({ type: 'tokenize', lifetimeMs: seconds && seconds * secondMs })
}

export const samenessOfTokenSession = ({ body }: RouteInput): Secret<string> => {
  const fields = (body as Static<typeof tokenSessionBody> | undefined) ?? {}
  return new Secret(JSON.stringify([fields.expiration_time ?? null, fields.bypass_identification ?? false]))
}

export const decodeRefreshSession = (input: RouteInput): Result<OpenSession, Refusal> => {
  const tokenId = decodeTokenId(input)
  return tokenId.ok ? ok({ type: 'refresh code', tokenId: tokenId.value }) : tokenId
}

/** The path says what is refreshed, and there is nothing else. */
export const samenessOfRefreshSession = ({ params }: RouteInput): Secret<string> =>
  new Secret(parseToken(params['id'] ?? '') ?? '')

export const decodeTokenId = ({ params }: RouteInput): Result<TokenId, Refusal> => readTokenId(params['id'])

export const decodeSessionId = ({ params }: RouteInput): Result<CaptureId, Refusal> => {
  const id = parseId<CaptureId>(params['session_id'] ?? '')
  return id ? ok(id) : refuse({ type: 'SessionNotFound' })
}
