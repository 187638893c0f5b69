import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { XMLParser } from 'fast-xml-parser'

/** What a request says of a card, wherever in the body it says it. */
export interface ReceivedCard {
  readonly number: string
  readonly code: string | undefined
  readonly month: string | undefined
  readonly year: string | undefined
}

export interface ReceivedAccount {
  readonly number: string
  readonly routing: string | undefined
}

export interface Charge {
  readonly card: ReceivedCard | undefined
  readonly account: ReceivedAccount | undefined
  readonly amount: number
  readonly currency: string
}

export interface Verdict {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Decides as a payment provider would; which decline it is the last two digits of the amount say, as in ISO 8583. */
export const decideCharge = ({ card, account, amount, currency }: Charge, id: string): Verdict => {
  if (account) return decideDebit(account, amount, currency, id)
  if (!card || !isNumber(card.number)) return refused('invalid_number')
  if (card.code !== undefined && !/^\d{3,4}$/.test(card.code)) return refused('invalid_cvc')
  const decline = declines.get(amount % 100)
  return {
    status: decline ? 402 : 200,
    body: {
      id,
      object: 'charge',
      status: decline ? 'declined' : 'approved',
      ...(decline && { decline_code: decline }),
      amount,
      currency,
      card: {
        bin: card.number.slice(0, 6),
        last4: card.number.slice(-4),
        exp_month: card.month,
        exp_year: card.year,
        cvc_check: card.code === undefined ? 'unchecked' : 'pass',
      },
    },
  }
}

const decideDebit = (
  { number, routing }: ReceivedAccount,
  amount: number,
  currency: string,
  id: string,
): Verdict => {
  if (!/^\d{4,17}$/.test(number)) return refused('invalid_account')
  if (!routing || !/^\d{9}$/.test(routing)) return refused('invalid_routing_number')
  const account = { last4: number.slice(-4), routing_number: routing }
  return { status: 200, body: { id, object: 'debit', status: 'pending', amount, currency, account } }
}

/** Reads a body of JSON, a form, or XML. */
export const readCharge = (contentType: string, body: string): Charge => {
  const fields = new Map<string, string>()
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    for (const [name, value] of new URLSearchParams(body)) fields.set(lastWord(name), value)
  else if (/xml/.test(contentType)) collect(parseXml(body), '', fields)
  else collect(parseJson(body), '', fields)
  const pick = (names: readonly string[]) =>
    names.map((name) => fields.get(name)).find((value) => value !== undefined)
  const number = pick(['number', 'cardnumber', 'pan'])
  const account = pick(['accountnumber'])
  return {
    account:
      account === undefined ? undefined : { number: account, routing: pick(['routingnumber', 'routing']) },
    card:
      number === undefined
        ? undefined
        : {
            number,
            code: pick(['cvc', 'cvv', 'cvv2', 'cvc2', 'cid', 'securitycode', 'verificationvalue']),
            month: pick(['expmonth', 'expirymonth', 'expirationmonth', 'month']),
            year: pick(['expyear', 'expiryyear', 'expirationyear', 'year']),
          },
    amount: Number(pick(['amount', 'value']) ?? 0),
    currency: pick(['currency']) ?? 'EUR',
  }
}

const declines: ReadonlyMap<number, string> = new Map([
  [5, 'do_not_honor'],
  [51, 'insufficient_funds'],
  [54, 'expired_card'],
])

const refused = (code: string): Verdict => ({ status: 400, body: { error: { code } } })

const isNumber = (text: string): boolean => /^\d{13,19}$/.test(text) && passesLuhn(text)

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Elements and attributes as fields by their names; a reader that is not the vault's own, so that both must agree. */
const parseXml = (body: string): unknown => {
  try {
    return new XMLParser({ ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false }).parse(
      body,
    )
  } catch {
    return undefined
  }
}

/** The scalar fields of any depth, by their bare name; the first of a name counts. */
const collect = (value: unknown, name: string, fields: Map<string, string>): void => {
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) collect(inner, key, fields)
  else if (typeof value === 'string' || typeof value === 'number')
    if (!fields.has(bare(name))) fields.set(bare(name), String(value))
}

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const lastWord = (name: string): string => bare(name.split(/[[.]/).at(-1) ?? name)
