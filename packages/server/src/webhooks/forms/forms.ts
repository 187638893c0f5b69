import type { WebhookForm } from '@cardkeep/core/events/webhook'
import type { Form } from './form.ts'
import { standardForm } from './standard.ts'

/** The forms that are offered; a dialect with a way of its own adds its row. */
const forms: { readonly [Name in WebhookForm]?: Form } = { standard: standardForm }

export const offeredForms: readonly WebhookForm[] = ['standard']

export const needsForm = (name: WebhookForm): Form => {
  const form = forms[name]
  // Precondition: a webhook is only made in a form that is offered.
  if (!form) throw new Error(`there is no webhook form ${name}`)
  return form
}
