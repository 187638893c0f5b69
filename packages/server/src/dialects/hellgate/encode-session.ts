import type { Scheme } from '@cardkeep/core/cards/scheme'
import type {
  CaptureCard,
  CaptureFailure,
  CaptureSession,
  FoundSession,
  SessionEnd,
  SessionPublicKey,
} from '@cardkeep/core/sessions/capture-session'
import type { Reply } from '../../http/route.ts'

/** wire: hellgate §session states: states and their fields verified, values that no page names inferred. */
export const encodeSession = ({ session, state }: FoundSession, baseUrl: string): Reply => ({
  status: 200,
  body: state.type === 'open' ? ask(session, baseUrl) : state.type === 'ended' ? end(state.end) : wait,
})

const ask = ({ wish, key }: CaptureSession, baseUrl: string): object =>
  wish.type === 'tokenize'
    ? { next_action: 'tokenize_card', data: { ...legacy(baseUrl), jwk: spellKey(key) } }
    : {
        next_action: 'refresh_security_code',
        data: { ...spellCard(wish.card), jwk: spellKey(key) },
      }

/** Whoever asks again in two seconds finds the answer worked on. */
const wait = { next_action: 'wait', data: {} }

const end = (ended: SessionEnd): object =>
  ended.type === 'success'
    ? { next_action: null, status: 'success', data: { token_id: ended.tokenId } }
    : {
        next_action: null,
        status: 'failure',
        data: failures[ended.reason],
      }

/** wire: hellgate §session states, inferred: no reason and no code of one is published */
const failures: Readonly<Record<CaptureFailure, { readonly reason: string; readonly reason_code: string }>> =
  {
    'too many failures': { reason: 'Too many failed attempts', reason_code: 'TOO_MANY_FAILURES' },
    'token not found': { reason: 'The token was not found', reason_code: 'NOT_FOUND' },
  }

/** Clients check that these are texts; none that is published today calls what they name, and nothing answers there. */
const legacy = (baseUrl: string): object => ({
  provider: 'guardian',
  api_key: 'none',
  base_url: `${baseUrl}/cde`,
})

/** wire: hellgate §payloads: without `alg`, so that each client seals in its own way. */
const spellKey = ({ modulus, exponent }: SessionPublicKey): object => ({
  kty: 'RSA',
  n: modulus,
  e: exponent,
})

const spellCard = ({
  issuerNumber,
  last4,
  length,
  scheme,
  expiryMonth,
  expiryYear,
}: CaptureCard): object => ({
  account_number_last_four: last4,
  account_number_length: length,
  issuer_identification_number: issuerNumber,
  expiry_month: expiryMonth,
  expiry_year: expiryYear,
  scheme: schemeWords[scheme] ?? 'unknown',
})

/** As the vendor's browser SDK types them. */
const schemeWords: Partial<Record<Scheme, string>> = {
  visa: 'visa',
  mastercard: 'mastercard',
  amex: 'american-express',
  discover: 'discover',
  diners: 'diners-club',
  jcb: 'jcb',
  unionpay: 'unionpay',
}
