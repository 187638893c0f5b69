import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { TemplateSource } from '@cardkeep/core/templates/template'
import type { Static } from 'typebox'
import { type FormFields, readForm } from '../../http/form.ts'
import type { RouteInput } from '../../http/route.ts'
import { readXml } from '../../http/xml-source.ts'
import type { proxyQuery } from './wire.ts'

/*
 * A form and XML are what is to be sent, so what the vault must know stands beside it. wire: ozura §proxy: headers, query
 * and form are verified; the names in query and form, and how headers for the provider are given, are inferred.
 */

/** What a caller asks, wherever its format lets it say so. */
export interface ProxyWish {
  readonly token: string
  readonly sessionId: string | undefined
  readonly url: string
  readonly method: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  readonly template: TemplateSource
  /** Whether there is nothing to send. */
  readonly isEmpty: boolean
}

type Control = 'token' | 'cvc_session_id' | 'proxy_url' | 'http_method'

const headerOf: Readonly<Record<Control, string>> = {
  token: 'x-token',
  cvc_session_id: 'x-cvc-session-id',
  proxy_url: 'x-proxy-url',
  http_method: 'x-http-method',
}

const forwardPrefix = 'x-forward-'
const maxForwardHeaders = 64
/** As the schema of a JSON body limits them. */
const maxLength = 2048

export const readFormWish = (input: RouteInput): Result<ProxyWish, Refusal> => {
  const fields = readForm(String(input.body))
  if (!fields.ok) return fields
  // What stands in a header or the query is not looked for in the form: there the name is the provider's own.
  // Where the rest may stand in the form, a dry run that is asked for there must not become a charge.
  const asksInForm = fields.value.some(([name]) => name === 'dry_run')
  if (asksInForm && !('dry_run' in input.query)) return refuse({ type: 'InvalidField', field: 'dry_run' })
  const inForm = fields.value.filter(([name]) => isControl(name) && !isGiven(input, name))
  return readWish(input, inForm, {
    template: { type: 'form', fields: fields.value.filter((field) => !inForm.includes(field)) },
    isEmpty: fields.value.length === inForm.length,
  })
}

export const readXmlWish = (input: RouteInput): Result<ProxyWish, Refusal> => {
  const template = readXml(String(input.body))
  return template.ok ? readWish(input, [], { template: template.value, isEmpty: false }) : template
}

const readWish = (
  input: RouteInput,
  inForm: FormFields,
  sent: Pick<ProxyWish, 'template' | 'isEmpty'>,
): Result<ProxyWish, Refusal> => {
  const controls: Partial<Record<Control, string>> = {}
  for (const control of Object.keys(headerOf) as Control[]) {
    const given = valuesOf(input, inForm, control)
    if (given.length > 1 || given.some((value) => value.length > maxLength))
      return refuse({ type: 'InvalidField', field: control })
    if (given[0] !== undefined) controls[control] = given[0]
  }
  const { token, proxy_url: url } = controls
  if (token === undefined) return refuse({ type: 'MissingField', field: 'token' })
  if (url === undefined) return refuse({ type: 'MissingField', field: 'proxy_url' })
  const headers = readForwardHeaders(input)
  if (!headers.ok) return headers
  return ok({
    token,
    sessionId: controls.cvc_session_id,
    url,
    method: controls.http_method,
    headers: headers.value,
    contentType: textOf(input, 'content-type') ?? '',
    ...sent,
  })
}

/** One value may come from one place only: of two, one would be passed over without a word. */
const valuesOf = (input: RouteInput, inForm: FormFields, control: Control): readonly string[] => [
  ...besideBody(input, control),
  ...inForm.filter(([name]) => name === control).map(([, value]) => value),
]

const besideBody = (input: RouteInput, control: Control): readonly string[] =>
  [textOf(input, headerOf[control]), (input.query as Static<typeof proxyQuery>)[control]].filter(
    (value) => value !== undefined,
  )

const isControl = (name: string): name is Control => Object.hasOwn(headerOf, name)

const isGiven = (input: RouteInput, name: string): boolean =>
  isControl(name) && besideBody(input, name).length > 0

/** `X-Forward-Authorization` goes to the provider as `authorization`. */
const readForwardHeaders = ({ headers }: RouteInput): Result<Record<string, string>, Refusal> => {
  const forwarded = Object.entries(headers).filter(([name]) => name.startsWith(forwardPrefix))
  if (forwarded.length > maxForwardHeaders) return refuse({ type: 'HeaderNotAllowed', header: forwardPrefix })
  const named = forwarded.map(([name, value]) => [name.slice(forwardPrefix.length), String(value)] as const)
  return ok(Object.fromEntries(named))
}

const textOf = ({ headers }: RouteInput, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
