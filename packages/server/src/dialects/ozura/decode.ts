import { accountTypes, type BankAccount } from '@cardkeep/core/accounts/account'
import { parseAccountNumber } from '@cardkeep/core/accounts/account-number'
import { parseRoutingNumber } from '@cardkeep/core/accounts/routing-number'
import type { Card, Holder, SecurityCode } from '@cardkeep/core/cards/card'
import { parseCode } from '@cardkeep/core/cards/code'
import { parseExpiry } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { schemeOf } from '@cardkeep/core/cards/scheme'
import { isPublishedTestCard } from '@cardkeep/core/cards/test-cards'
import { policyOf, testSessionPolicy } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { SessionId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { yearMs } from '@cardkeep/core/kernel/time'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { RevealToken } from '@cardkeep/core/operations/tokens/reveal-token'
import type { TokenizeAccount } from '@cardkeep/core/operations/tokens/tokenize-account'
import type { TokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Static } from 'typebox'
import { readCodePolicy } from '../../http/code-policy-header.ts'
import { readCodeSessionId, readTokenId } from '../../http/read-ids.ts'
import type { RouteInput } from '../../http/route.ts'
import { sortFields } from '../../http/sort-fields.ts'
import type {
  deleteSessionBody,
  deleteSessionQuery,
  detokenizeBody,
  testTokenBody,
  tokenizeBody,
} from './wire.ts'

/*
 * Turns bodies that have passed their schema into commands. Card numbers and codes become secrets in the first line.
 * wire: ozura §tokenize, §bank accounts: which values are taken is inferred where the pages are silent.
 */

export type Tokenize =
  | { readonly type: 'card'; readonly card: TokenizeCard }
  | { readonly type: 'bank'; readonly account: TokenizeAccount }

export const decodeTokenize = (
  { body, headers }: RouteInput,
  { principal }: Caller,
): Result<Tokenize, Refusal> => {
  const request = body as Static<typeof tokenizeBody>
  if (request.type === 'bank') {
    const account = readAccount(request.data)
    return account.ok ? ok({ type: 'bank', account: { account: account.value } }) : account
  }
  const { data } = request
  // wire: ozura §tokenize, verified: `cvc` is another name of `cvv`; inferred: two that differ are a mistake we do not settle.
  if (data.cvv !== undefined && data.cvc !== undefined && data.cvv !== data.cvc)
    return refuse({ type: 'InvalidField', field: 'cvc' })
  const fields = readCard(data, data.cvv ?? data.cvc, data.cvv === undefined ? 'cvc' : 'cvv')
  if (!fields.ok) return fields
  const policy = readCodePolicy(headers, policyOf(principal.tenant, 'ozura'))
  if (!policy.ok) return policy
  const card = { ...fields.value, policy: policy.value, ...common, test: false, lifetimeMs: undefined }
  return ok({ type: 'card', card })
}

/** A code has a session of its own, and a card that has expired is refused. */
const common = { heldBy: 'session', takesExpired: false } as const

/** All of a request but its code: only whether one came. */
export const samenessOfTokenize = ({ body, headers }: RouteInput): Secret<string> => {
  const { type, data } = body as Static<typeof tokenizeBody>
  const kept = Object.entries(data).filter(([field]) => field !== 'cvv' && field !== 'cvc')
  return new Secret(
    JSON.stringify([
      type,
      sortFields(Object.fromEntries(kept)),
      kept.length < Object.keys(data).length,
      headers['cardkeep-code-policy'] ?? null,
    ]),
  )
}

/** wire: ozura §test tokens, verified; published numbers only and a token of one year, inferred */
export const decodeTestToken = ({ body, headers }: RouteInput): Result<TokenizeCard, Refusal> => {
  const data = body as Static<typeof testTokenBody>
  const fields = readCard(data, data.cvc, 'cvc')
  if (!fields.ok) return fields
  if (!isPublishedTestCard(fields.value.card.pan)) return refuse({ type: 'InvalidCardNumber' })
  const policy = readCodePolicy(headers, testSessionPolicy)
  return policy.ok
    ? ok({ ...fields.value, policy: policy.value, ...common, test: true, lifetimeMs: yearMs })
    : policy
}

interface HolderFields {
  readonly firstName?: string
  readonly lastName?: string
}

interface CardFields extends HolderFields {
  readonly cardNumber: string
  readonly expirationMonth: string
  readonly expirationYear: string
}

const readCard = (
  fields: CardFields,
  codeText: string | undefined,
  codeField: 'cvv' | 'cvc',
): Result<{ readonly card: Card; readonly code: SecurityCode | undefined }, Refusal> => {
  const pan = parsePan(new Secret(fields.cardNumber))
  if (!pan.ok) return pan
  const expiry = parseExpiry(fields.expirationMonth, fields.expirationYear)
  if (!expiry.ok) return expiry
  const code = codeText === undefined ? ok(undefined) : parseCode(new Secret(codeText), schemeOf(pan.value))
  if (!code.ok) return refuse({ type: 'InvalidField', field: codeField })
  const card: Card = { type: 'card', pan: pan.value, expiry: expiry.value, holder: readHolder(fields) }
  return ok({ card, code: code.value })
}

interface AccountFields extends HolderFields {
  readonly accountNumber: string
  readonly routingNumber: string
  readonly accountType?: string
}

const readAccount = (fields: AccountFields): Result<BankAccount, Refusal> => {
  const accountNumber = parseAccountNumber(new Secret(fields.accountNumber))
  if (!accountNumber.ok) return refuse({ type: 'InvalidField', field: 'accountNumber' })
  const routingNumber = parseRoutingNumber(fields.routingNumber)
  if (!routingNumber.ok) return refuse({ type: 'InvalidField', field: 'routingNumber' })
  const accountType = accountTypes.find((type) => type === fields.accountType)
  if (accountType !== fields.accountType) return refuse({ type: 'InvalidField', field: 'accountType' })
  return ok({
    type: 'bank',
    accountNumber: accountNumber.value,
    routingNumber: routingNumber.value,
    accountType,
    holder: readHolder(fields),
  })
}

const readHolder = ({ firstName, lastName }: HolderFields): Holder | undefined =>
  firstName === undefined && lastName === undefined ? undefined : { firstName, lastName }

/** wire: ozura §detokenize, inferred */
export const decodeDetokenize = ({ body }: RouteInput): Result<RevealToken, Refusal> => {
  const tokenId = readTokenId((body as Static<typeof detokenizeBody>).token)
  return tokenId.ok ? ok({ tokenId: tokenId.value }) : tokenId
}

/** wire: ozura §delete, inferred: from the path, the query, or the body, in this order. */
export const decodeDeleteSession = ({ params, query, body }: RouteInput): Result<SessionId, Refusal> => {
  const inBody = body as Static<typeof deleteSessionBody> | undefined
  const inQuery = query as Static<typeof deleteSessionQuery>
  const text = params['cvc_session_id'] ?? inQuery.cvc_session_id ?? inBody?.cvc_session_id
  if (text === undefined) return refuse({ type: 'MissingField', field: 'cvc_session_id' })
  return readCodeSessionId(text)
}
