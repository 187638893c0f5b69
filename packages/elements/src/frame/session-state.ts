import type { SessionKey } from './seal.ts'

/*
 * What the vault says of a session, as far as a frame has to know.
 * wire: hellgate §session states
 */

export type SessionState =
  | { readonly type: 'wants card'; readonly key: SessionKey }
  | { readonly type: 'wants code'; readonly key: SessionKey; readonly card: KnownCard }
  /** It is worked on; ask again. */
  | { readonly type: 'wait' }
  | { readonly type: 'success'; readonly tokenId: string }
  | { readonly type: 'failure' }

export interface KnownCard {
  /** Its first six digits or eight. */
  readonly issuerNumber: string
  readonly last4: string
  /** 1 to 12 */
  readonly expiryMonth: number
  /** four digits */
  readonly expiryYear: number
}

/** `undefined` for anything else, such as a step that these elements do not know. */
export const readSessionState = (value: unknown): SessionState | undefined => {
  const fields = fieldsOf(value)
  const data = fieldsOf(fields['data'])
  const action = fields['next_action'] ?? fields['status']
  if (action === 'wait') return { type: 'wait' }
  if (action === 'failure') return { type: 'failure' }
  if (action === 'success') {
    const tokenId = data['token_id']
    return typeof tokenId === 'string' ? { type: 'success', tokenId } : undefined
  }
  const key = readKey(data['jwk'])
  if (!key) return undefined
  if (action === 'tokenize_card') return { type: 'wants card', key }
  const card = action === 'refresh_security_code' ? readCard(data) : undefined
  return card && { type: 'wants code', key, card }
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {})

/** Nothing shorter than 2048 bits is sealed for: 342 characters of base64url. */
const readKey = (value: unknown): SessionKey | undefined => {
  const { n, e } = fieldsOf(value)
  return typeof n === 'string' && typeof e === 'string' && n.length >= 342 ? { n, e } : undefined
}

const readCard = (data: Fields): KnownCard | undefined => {
  const issuerNumber = data['issuer_identification_number']
  const last4 = data['account_number_last_four']
  const expiryMonth = data['expiry_month']
  const expiryYear = data['expiry_year']
  if (typeof issuerNumber !== 'string' || !/^\d{6,8}$/.test(issuerNumber)) return undefined
  if (typeof last4 !== 'string' || !/^\d{4}$/.test(last4)) return undefined
  if (typeof expiryMonth !== 'number' || typeof expiryYear !== 'number') return undefined
  return { issuerNumber, last4, expiryMonth, expiryYear }
}
