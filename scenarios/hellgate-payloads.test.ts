import { generateKeyPairSync } from 'node:crypto'
import { testCards } from '@cardkeep/testing/canary/cards'
import { CompactEncrypt, exportJWK, importJWK } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import type { Json } from './support/client.ts'
import { keyIn, type Merchant, sealFor } from './support/hellgate.ts'
import { faultsOf, openMerchant, success, tooManyFailures } from './support/hellgate-scenario.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * What a browser sends in the place of an answer, badly or with bad intent: it is refused as what is wrong, the session
 * waits for a good one, and the fifth ends it.
 */

const scenario = await startScenario()
let merchant: Merchant
beforeAll(async () => {
  merchant = await openMerchant(scenario)
})

const refresh = 'refresh_security_code'
const visa = { number: testCards.visa, code: '123' }
const amex = { number: testCards.amex, code: '1234' }
const good = { security_code: '987' }

interface Attempt {
  readonly session: string
  /** Another session of the same card; sessions of one time share a key. */
  readonly other: string
}

const keyOf = async (session: string) => keyIn((await merchant.browse('GET', `/sessions/${session}`)).body)
const seal =
  (header: Json, plain: Json | string = good) =>
  async (attempt: Attempt) =>
    sealFor(await keyOf(attempt.session), plain, header)
const sealed = (plain: Json | string) => seal({}, plain)

/** A good payload with one of its five parts spelled anew. */
const respell = (at: number, spell: (part: string) => string) => async (attempt: Attempt) => {
  const parts = (await seal({})(attempt)).split('.')
  return parts.map((part, index) => (index === at ? spell(part) : part)).join('.')
}

const spellHeader = (header: Json) => () => Buffer.from(JSON.stringify(header)).toString('base64url')

/** Another letter in the middle, where every bit of it counts. */
const damage = (part: string): string => {
  const at = part.length >> 1
  return part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1)
}

const sealAs = (alg: string, enc: string) => async (attempt: Attempt) => {
  const jwk = await keyOf(attempt.session)
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(good)))
    .setProtectedHeader({ alg, enc })
    .encrypt(await importJWK(jwk, alg))
}

const sealForNobody = async (): Promise<string> => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return sealFor(await exportJWK(publicKey), good)
}

const notOpened = '$.result.enc_payload cannot be opened'
const noCode = '$.security_code is not a security code of this card'

const spoilt: readonly (readonly [string, string, (attempt: Attempt) => Promise<string>])[] = [
  ['sealed for another session', notOpened, (attempt) => seal({ sid: attempt.other })(attempt)],
  ['sealed for another key', notOpened, sealForNobody],
  ['that names another key', notOpened, seal({ kid: 'another' })],
  ['that is cut off', notOpened, async (attempt) => (await seal({})(attempt)).slice(0, -1)],
  ['without its last part', notOpened, respell(4, () => '')],
  ['with a part more', notOpened, async (attempt) => `${await seal({})(attempt)}.AA`],
  ...['header', 'key', 'nonce', 'text', 'tag'].map(
    (part, at) => [`with another letter in its ${part}`, notOpened, respell(at, damage)] as const,
  ),
  [
    'whose header says the other algorithm',
    notOpened,
    respell(0, spellHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })),
  ],
  [
    'whose header says an algorithm that is not taken',
    notOpened,
    respell(0, spellHeader({ alg: 'RSA1_5', enc: 'A256GCM' })),
  ],
  ['whose header says none', notOpened, respell(0, spellHeader({ alg: 'none', enc: 'A256GCM' }))],
  ['whose header says dir', notOpened, respell(0, spellHeader({ alg: 'dir', enc: 'A256GCM' }))],
  ['with a smaller hash than it says', notOpened, sealAs('RSA-OAEP-512', 'A256GCM')],
  ['sealed with shorter keys', notOpened, sealAs('RSA-OAEP', 'A128GCM')],
  ['sealed with another construction', notOpened, sealAs('RSA-OAEP', 'A256CBC-HS512')],
  ['of padded base64', notOpened, respell(4, (part) => `${part}==`)],
  ['that is no JWE', notOpened, async () => 'garbage'],
  ['of dots', notOpened, async () => '....'],
  ['of a large text', notOpened, sealed({ ...good, padding: 'x'.repeat(9_000) })],
  ['that is not JSON', notOpened, sealed('987')],
  ['that is no JSON at all', notOpened, sealed('{"security_code":"987"')],
  ['that is a list', notOpened, sealed('["987"]')],
  ['with a key twice', notOpened, sealed('{"security_code":"987","security_code":"988"}')],
  ['without a code', '$.security_code is missing', sealed({})],
  ['with a code that is a number', '$.security_code is not valid', sealed({ security_code: 987 })],
  ['with no digits for a code', noCode, sealed({ security_code: '98x' })],
  ['with an empty code', noCode, sealed({ security_code: '' })],
  ['with four digits for a card that has three', noCode, sealed({ security_code: '9876' })],
]

describe('a payload', () => {
  test.each(spoilt)(
    '%s is refused, nothing is held, and the session takes the next',
    async (_, fault, make) => {
      const token = await merchant.importCard({ number: visa.number })
      const session = await merchant.openRefresh(token)
      const payload = await make({ session, other: await merchant.openRefresh(token) })
      const refused = await merchant.complete(session, refresh, payload)
      expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
      expect(await merchant.isCodeHeld(token)).toBe(false)
      const taken = await merchant.complete(session, refresh, await merchant.seal(session, good))
      expect(taken).toMatchObject({ status: 200, body: success(token) })
      expect(await merchant.isCodeHeld(token)).toBe(true)
    },
  )

  test('with three digits for a card that has four is refused', async () => {
    const token = await merchant.importCard(amex)
    const session = await merchant.openRefresh(token)
    const refused = await merchant.complete(session, refresh, await merchant.seal(session, good))
    expect([refused.status, faultsOf(refused)]).toEqual([422, [noCode]])
    const payload = await merchant.seal(session, { security_code: '9876' })
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
  })

  test('that is larger than any is not looked at', async () => {
    const session = await merchant.openRefresh(await merchant.importCard(visa))
    const refused = await merchant.complete(session, refresh, 'A'.repeat(16_385))
    expect([refused.status, faultsOf(refused)]).toEqual([422, ['$.result.enc_payload is not valid']])
    const huge = await merchant.complete(session, refresh, 'A'.repeat(2_000_000))
    expect(huge.status).toBe(413)
    expect(await keyOf(session)).toBeDefined()
  })

  test.each(['RSA-OAEP', 'RSA-OAEP-256'])(
    'sealed with %s is opened, with its session named or not',
    async (alg) => {
      const token = await merchant.importCard({ number: visa.number })
      for (const names of [false, true]) {
        const session = await merchant.openRefresh(token)
        const payload = await merchant.seal(session, good, { alg, ...(names && { sid: session }) })
        expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
      }
    },
  )
})

describe('a payload that was taken', () => {
  /** A payload that names no session, taken once and its code used up. */
  const spend = async () => {
    const token = await merchant.importCard({ number: visa.number })
    const session = await merchant.openRefresh(token)
    const payload = await merchant.seal(session, good)
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
    await merchant.call('POST', `/tokens/${token}/consume`)
    return { token, session, payload }
  }

  test('and comes again is told how its session ended, and brings no code back', async () => {
    const { token, session, payload } = await spend()
    const again = await merchant.complete(session, refresh, payload)
    expect(again).toMatchObject({ status: 200, body: success(token) })
    expect(await merchant.isCodeHeld(token)).toBe(false)
  })

  test('opens no other session of its card, nor of another', async () => {
    const { token, payload } = await spend()
    for (const one of [token, await merchant.importCard({ number: testCards.visa3 })]) {
      const session = await merchant.openRefresh(one)
      const replayed = await merchant.complete(session, refresh, payload)
      expect([replayed.status, faultsOf(replayed)]).toEqual([422, [notOpened]])
      expect(await merchant.isCodeHeld(one)).toBe(false)
    }
  })

  // The published SDK cannot name a session, so nobody can tell for which of them it sealed; it opens one all the same.
  test('and names no session opens one, whichever it is sent to', async () => {
    const token = await merchant.importCard({ number: visa.number })
    const [first, second] = [await merchant.openRefresh(token), await merchant.openRefresh(token)]
    const payload = await merchant.seal(first, good)
    expect(await merchant.complete(second, refresh, payload)).toMatchObject({ body: success(token) })
    const late = await merchant.complete(first, refresh, payload)
    expect([late.status, faultsOf(late)]).toEqual([422, [notOpened]])
  })

  test('opens none in any other spelling of its bytes', async () => {
    const { token, payload } = await spend()
    const session = await merchant.openRefresh(token)
    const parts = payload.split('.')
    // The 256 bytes of the key and the 16 of the tag leave four bits of their last letter unused.
    for (const at of [1, 4]) {
      const spelled = parts.map((part, index) => (index === at ? loosen(part) : part)).join('.')
      expect(Buffer.from(loosen(parts[at] ?? ''), 'base64url')).toEqual(
        Buffer.from(parts[at] ?? '', 'base64url'),
      )
      const replayed = await merchant.complete(session, refresh, spelled)
      expect([at, replayed.status, faultsOf(replayed)]).toEqual([at, 422, [notOpened]])
    }
    expect(await merchant.isCodeHeld(token)).toBe(false)
  })
})

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Sets a bit of the last letter that stands for nothing. */
const loosen = (part: string): string =>
  part.slice(0, -1) + (letters[letters.indexOf(part.slice(-1)) ^ 1] ?? '')

describe('a session', () => {
  test('is ended by the fifth answer that is no good, and takes a good one no more', async () => {
    const token = await merchant.importCard({ number: visa.number })
    const session = await merchant.openRefresh(token)
    const payload = await merchant.seal(session, good)
    for (let failure = 1; failure <= 4; failure++)
      expect(await merchant.complete(session, refresh, 'garbage')).toMatchObject({ status: 422 })
    const fifth = await merchant.complete(session, refresh, 'garbage')
    expect(fifth).toMatchObject({ status: 200, body: tooManyFailures })
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: tooManyFailures })
    expect((await merchant.browse('GET', `/sessions/${session}`)).body).toEqual(tooManyFailures)
    expect(await merchant.isCodeHeld(token)).toBe(false)
    const { entries } = await exportAudit(scenario)
    expect(entries.filter(({ action }) => action === 'session.failed')).toMatchObject([
      {
        outcome: 'failure',
        actor: ['session', expect.any(String)],
        details: { reason: 'too many failures' },
      },
    ])
    expect(JSON.stringify(entries)).not.toContain(session)
  })

  test('is not ended by answers to what it did not ask', async () => {
    const token = await merchant.importCard({ number: visa.number })
    const session = await merchant.openRefresh(token)
    for (let turn = 0; turn < 6; turn++) {
      const refused = await merchant.complete(session, 'tokenize_card', await merchant.seal(session, good))
      expect([refused.status, faultsOf(refused)]).toEqual([422, ['$.action is not valid']])
    }
    const payload = await merchant.seal(session, good)
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
  })
})
