import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { ForwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { parseTemplate, type TemplateSource } from '@cardkeep/core/templates/template'
import { readForm } from '../../http/form.ts'
import { toJsonSource } from '../../http/json-source.ts'
import { readCodeSessionId, readTokenId } from '../../http/read-ids.ts'
import type { ContentKind, RouteInput } from '../../http/route.ts'
import { readStrictJson } from '../../http/strict-json.ts'
import { readXml } from '../../http/xml-source.ts'
import { quoteBarePlaceholders } from './bare-placeholders.ts'
import { readForwardHeaders } from './forward-headers.ts'
import { placeholders } from './placeholders.ts'

/** wire: hellgate §forward, §placeholders: headers, placeholders and JSON verified; all that is refused, inferred. */
export const decodeForward = ({ headers, content, body }: RouteInput): Result<ForwardRequest, Refusal> => {
  const { 'x-hellgate-token': token, 'x-destination-url': url, 'x-cvc-session-id': session } = headers
  if (typeof token !== 'string') return refuse({ type: 'MissingField', field: 'x-hellgate-token' })
  if (typeof url !== 'string') return refuse({ type: 'MissingField', field: 'x-destination-url' })
  const tokenId = readTokenId(token)
  if (!tokenId.ok) return tokenId
  const sessionId = session === undefined ? ok(undefined) : readCodeSessionId(String(session))
  if (!sessionId.ok) return sessionId
  // A space is in no URL, and between two of them where the header came twice.
  if (url.includes(placeholders.open) || url.includes(' '))
    return refuse({ type: 'InvalidField', field: 'x-destination-url' })
  const forwarded = readForwardHeaders(headers)
  if (!forwarded.ok) return forwarded
  const contentType = String(headers['content-type'] ?? 'application/json')
  if (contentType.includes(placeholders.open))
    return refuse({ type: 'HeaderNotAllowed', header: 'content-type' })
  // An empty body without a content type has been held against no schema.
  if (typeof body !== 'string') return refuse({ type: 'BodyNotReadable' })
  const source = readers[content](body)
  if (!source.ok) return source
  const template = parseTemplate(source.value, placeholders)
  if (!template.ok) return template
  return ok({
    tokenId: tokenId.value,
    sessionId: sessionId.value,
    template: template.value,
    url,
    method: 'POST',
    headers: forwarded.value,
    contentType,
  })
}

const readJsonSource = (text: string): Result<TemplateSource, Refusal> => {
  const quoted = quoteBarePlaceholders(text)
  if (!quoted.ok) return quoted
  const json = readStrictJson(Buffer.from(quoted.value), { keepsNumbers: true })
  return json.ok ? ok(toJsonSource(json.value)) : json
}

const readFormSource = (text: string): Result<TemplateSource, Refusal> => {
  const fields = readForm(text)
  return fields.ok ? ok({ type: 'form', fields: fields.value }) : fields
}

const readers: Readonly<Record<ContentKind, (text: string) => Result<TemplateSource, Refusal>>> = {
  json: readJsonSource,
  form: readFormSource,
  xml: readXml,
}
