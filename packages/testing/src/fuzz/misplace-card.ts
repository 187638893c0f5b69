import { type Spelt, spellBody } from './drawn-requests.ts'

type Misplacement = (spelt: Spelt, card: string) => Spelt

/** Ways of putting a card number somewhere in a request where none belongs. */
export const misplacements: readonly Misplacement[] = [
  (spelt, card) => ({ ...spelt, headers: { ...spelt.headers, 'x-api-key': asHeader(card) } }),
  (spelt, card) => ({ ...spelt, headers: { ...spelt.headers, 'x-hellgate-token': asHeader(card) } }),
  (spelt, card) => ({ ...spelt, headers: { ...spelt.headers, 'x-token': asHeader(card) } }),
  (spelt, card) => ({ ...spelt, headers: { ...spelt.headers, 'x-customer-id': asHeader(card) } }),
  (spelt, card) => ({ ...spelt, headers: { ...spelt.headers, 'cardkeep-code-policy': asHeader(card) } }),
  (spelt, card) => ({
    ...spelt,
    headers: { ...spelt.headers, [`x-${asHeader(card).replaceAll(/[^\w.-]/g, '-')}-name`]: 'x' },
  }),
  (spelt, card) => ({
    ...spelt,
    path: `${spelt.path}${spelt.path.includes('?') ? '&' : '?'}${encodeURIComponent(card)}=1`,
  }),
  (spelt, card) => ({ ...spelt, path: `${spelt.path}/${encodeURIComponent(card)}` }),
  (spelt, card) => (isRecord(spelt.body) ? { ...spelt, body: { ...spelt.body, [card]: 1 } } : spelt),
  (spelt, card) =>
    isRecord(spelt.body) ? { ...spelt, body: { ...spelt.body, more: { [card]: card } } } : spelt,
  (spelt, card) =>
    isRecord(spelt.body)
      ? { ...spelt, body: Object.fromEntries(Object.entries(spelt.body).map(([name]) => [name, card])) }
      : { ...spelt, body: card },
  (spelt, card) => ({
    ...spelt,
    body: spellBody(spelt.body)
      .toString()
      .replaceAll(/\$\{|\{\{/g, (open) => open + card),
  }),
  (spelt, card) => ({ ...spelt, body: spellBody(spelt.body).toString().replace('<', `<x a="\${${card}}`) }),
]

const asHeader = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '.')
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
