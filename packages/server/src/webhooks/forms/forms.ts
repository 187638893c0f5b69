import type { EventType } from '@cardkeep/core/events/event'
import type { Webhook, WebhookForm } from '@cardkeep/core/events/webhook'
import type { Form } from './form.ts'
import { hellgateForm } from './hellgate.ts'
import { pismoForm } from './pismo.ts'
import { standardForm } from './standard.ts'

/** The forms that are offered; a dialect with a way of its own adds its row. */
const forms: { readonly [Name in WebhookForm]?: Form } = {
  standard: standardForm,
  hellgate: hellgateForm,
  pismo: pismoForm,
}

export const offeredForms: readonly WebhookForm[] = ['standard', 'hellgate', 'pismo']

export const needsForm = (name: WebhookForm): Form => {
  const form = forms[name]
  // Precondition: a webhook is only made in a form that is offered.
  if (!form) throw new Error(`there is no webhook form ${name}`)
  return form
}

/** All that a form tells under these names; `undefined` where it does not have one of them. */
export const readEvents = (form: WebhookForm, names: readonly string[]): readonly EventType[] | undefined => {
  const { events } = needsForm(form)
  if (!names.every((name) => Object.hasOwn(events, name))) return undefined
  return [...new Set(names.flatMap((name) => events[name] ?? []))]
}

/** The names under which a webhook is told all that it is told. */
export const spellEvents = ({ form, events }: Pick<Webhook, 'form' | 'events'>): readonly string[] =>
  Object.entries(needsForm(form).events)
    .filter(([, types]) => types.every((type) => events.includes(type)))
    .map(([name]) => name)
