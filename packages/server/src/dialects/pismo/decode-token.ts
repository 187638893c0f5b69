import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Static } from 'typebox'
import { readForm } from '../../http/form.ts'
import type { RouteInput } from '../../http/route.ts'
import type { TokenWish } from '../../passport/passport.ts'
import { readCount } from './decode.ts'
import { grantType, type tokenBody } from './wire.ts'

type Fields = Partial<Record<keyof Static<typeof tokenBody>, string | number>>

/** wire: pismo §tokens, verified; as JSON or, as RFC 6749 has it, as a form, inferred. */
export const decodeToken = (input: RouteInput): Result<TokenWish, Refusal> => {
  const fields = readFields(input)
  if (!fields.ok) return fields
  const { client_secret_string: ownName, client_secret: usualName, ...open } = fields.value
  const given = ownName ?? usualName
  const clientSecret = given === undefined ? undefined : new Secret(String(given))
  if (open.grant_type === undefined) return refuse(missing('grant_type'))
  if (open.grant_type !== grantType) return refuse(wrong('grant_type', `must be ${grantType}`))
  if (open.client_id === undefined) return refuse(missing('client_id'))
  if (!clientSecret) return refuse(missing('client_secret_string'))
  const accountId = open.uid === undefined ? undefined : readCount(String(open.uid))
  if (open.uid !== undefined && accountId === undefined)
    return refuse(wrong('uid', 'must be a whole number of 1 to 12 digits'))
  return ok({
    clientId: String(open.client_id),
    clientSecret,
    accountId,
    scopes: readScopes(String(open.scope ?? '')),
  })
}

const readFields = ({ content, body }: RouteInput): Result<Fields, Refusal> => {
  if (content === 'json')
    return typeof body === 'object' && body !== null ? ok(body) : refuse({ type: 'BodyNotReadable' })
  const form = readForm(typeof body === 'string' ? body : '')
  if (!form.ok) return form
  // RFC 6749, 3.2: a parameter must not come more than once, and one without a value counts as left out.
  const names = form.value.map(([name]) => name)
  const twice = known.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined) return refuse(wrong(twice, 'must not come twice'))
  return ok(Object.fromEntries(form.value.filter(([, value]) => value !== '')))
}

const known = [
  'grant_type',
  'client_id',
  'client_secret_string',
  'client_secret',
  'scope',
  'uid',
] as const satisfies readonly (keyof Fields)[]

/** Blank is as left out. */
const readScopes = (text: string): readonly string[] | undefined => {
  const scopes = text.split(' ').filter(Boolean)
  return scopes.length > 0 ? scopes : undefined
}

const missing = (field: keyof Fields): Refusal => ({ type: 'MissingField', field })
const wrong = (field: keyof Fields, why: string): Refusal => ({ type: 'InvalidField', field, why })
