import { spellAccountMask } from '../../accounts/mask.ts'
import { spellMask } from '../../cards/mask.ts'
import type { Destination } from '../../destinations/destination.ts'
import { withContentType } from '../../destinations/headers.ts'
import { openSecret } from '../../kernel/secret.ts'
import { writeValues } from '../../templates/instrument-values.ts'
import type { WriteValue } from '../../templates/parts.ts'
import type { Placeholder } from '../../templates/syntax.ts'
import { checkValues, renderTemplate, type Template } from '../../templates/template.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import type { StoredToken } from '../../tokens/token.ts'
import type { OpenedToken } from '../tokens/open-token.ts'
import { addedByVault, type ResolvedPlaceholder } from './dry-run.ts'
import type { ForwardRequest } from './forward-request.ts'

/** Each placeholder once, in the order in which the template has them. */
export const listPlaceholders = (
  template: Template,
  instrument: Instrument | undefined,
): readonly ResolvedPlaceholder[] => {
  const seen = new Map<string, Placeholder>()
  renderTemplate(template, (placeholder) => {
    seen.set(`${placeholder.value} ${placeholder.form}`, placeholder)
    return '0'
  })
  return [...seen.values()].map(({ value, form }) => ({
    value,
    form,
    resolves: resolve(value, template, instrument),
  }))
}

const resolve = (
  value: Placeholder['value'],
  template: Template,
  instrument: Instrument | undefined,
): ResolvedPlaceholder['resolves'] => {
  if (!instrument || !checkValues({ ...template, uses: new Set([value]) }, instrument).ok) return 'no'
  return value === 'code' ? 'not looked up' : 'yes'
}

/** The body as it would go, but that no value in it says more than may be shown. Precondition: every placeholder resolves. */
export const maskBody = (template: Template, { token, instrument }: OpenedToken): string =>
  openSecret(renderTemplate(template, maskValues(token, writeValues(instrument, undefined))), 'mask')

const maskValues =
  (token: StoredToken, write: WriteValue): WriteValue =>
  (placeholder) => {
    switch (placeholder.value) {
      case 'card number':
      case 'account number':
        return maskNumber(token)
      case 'code':
        return '***'
      case 'first name':
      case 'last name':
      case 'holder name':
        return '*'.repeat(write(placeholder).length)
      case 'expiry month':
      case 'expiry year':
      case 'routing number':
        return write(placeholder)
    }
  }

const maskNumber = (token: StoredToken): string =>
  token.type === 'card' ? spellMask(token.mask) : spellAccountMask(token.mask)

/** The caller's headers, and the names of those that the destination adds. */
export const maskHeaders = (
  { headers, contentType, method }: ForwardRequest,
  destination: Destination | undefined,
): Readonly<Record<string, string>> => {
  const added = new Set(destination?.headers.map(({ name }) => name))
  const own = Object.entries(headers).filter(([name]) => !added.has(name.toLowerCase()))
  const typed =
    method === 'GET' ? Object.fromEntries(own) : withContentType(Object.fromEntries(own), contentType)
  return { ...typed, ...Object.fromEntries([...added].map((name) => [name, addedByVault])) }
}
