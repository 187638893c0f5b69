import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { cvvOf } from './support/cvv-model.ts'
import { type Cards, otherThan, type PciInfo, verdictOf } from './support/pismo.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import {
  knownPair,
  listenForRotations,
  type OpenedBank,
  openBank,
  type RotationEvent,
  type RotationReceiver,
  scenarioBin,
} from './support/pismo-scenario.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * An issuer makes virtual cards, forces and schedules the rotation of their CVVs, is told of each, and asks whether a CVV
 * is right: from the first call to the last as the pages describe them.
 */

const scenario = await startScenario()
const { command } = scenario
let bank: OpenedBank
let account: Cards
let authoriser: Cards
let receiver: RotationReceiver
beforeAll(async () => {
  bank = await openBank(scenario)
  receiver = await listenForRotations(scenario, 'bank')
  account = await bank.account(12_345_678)
  authoriser = await bank.authoriser()
})

const hourMs = 3_600_000
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** What an issuer's own system would say. */
const expectedCvv = ({ card_number, expiration_date, service_code }: PciInfo): string =>
  cvvOf(knownPair, { number: card_number, expiry: expiration_date, serviceCode: service_code })

/** So many events of a card. */
const eventsOf = (id: number, count: number): Promise<readonly RotationEvent[]> =>
  until(`${count} events`, () => {
    const events = receiver.of(id)
    return events.length >= count && events
  })

const judge = async (id: number, cvv: string, expiry?: string) =>
  verdictOf(await authoriser.verify(id, cvv, expiry))

describe('a token', () => {
  test('is signed for the issuer, and names whom it was given to', async () => {
    const since = Math.floor(Date.now() / 1_000)
    const { body } = await bank.exchange({ uid: 42, scope: 'pismo-v1:cards:rw' })
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3_600 })
    const token = String(body['access_token'])
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', kid: expect.stringMatching(uuid) })
    const claims = decodeJwt(token)
    expect(claims).toMatchObject({
      iss: 'cardkeep',
      aud: 'cardkeep:pismo',
      sub: bank.keys.credential_id,
      tenant_id: bank.orgId,
      uid: '42',
      scope: 'pismo-v1:cards:rw',
    })
    expect(claims.exp).toBe((claims.iat ?? 0) + 3_600)
    expect(claims.iat).toBeGreaterThanOrEqual(since)
    expect(JSON.stringify(claims)).not.toContain(bank.keys.client_secret)
  })

  test.each(['client_secret', 'client_secret_string'])(
    'is given for JSON and forms with %s',
    async (field) => {
      const body = {
        grant_type: 'client_credentials',
        client_id: bank.keys.client_id,
        [field]: bank.keys.client_secret,
      }
      const form = {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(body).toString(),
      }
      for (const call of [{ body }, form])
        expect(await bank.ask('POST', '/passport/v2/oauth/token', call)).toMatchObject({ status: 200 })
    },
  )

  test('is verified by a key that everybody may have', async () => {
    const { body } = await bank.ask('GET', '/passport/v2/jwks')
    const { kid } = decodeProtectedHeader(account.token)
    expect((body['keys'] as readonly { kid: string }[]).map((key) => key.kid)).toContain(kid)
  })
})

describe('a card', () => {
  test('is made of the account, with a number of the issuer, and told without its number', async () => {
    const made = await account.post({ name: 'groceries', hours: 24, customer: 77 })
    const told = {
      account_id: 12_345_678,
      customer_id: 77,
      name: 'groceries',
      printed_name: 'JANE HOLDER',
      type: 'VIRTUAL',
      status: 'NORMAL',
      contactless_enabled: true,
      cvv_rotation_interval_hours: 24,
    }
    expect(made).toMatchObject({ status: 201, body: told })
    const id = Number(made.body['id'])
    expect((await account.get(id)).body).toEqual(made.body)
    const older = await account.call('GET', `/wallet/v1/cards/${id}`)
    expect(older.body).toEqual(made.body)
    expect(receiver.of(id)).toEqual([])
  })

  test('has a number with its check digit, an expiry in 72 months and the CVV of all of it', async () => {
    const days = [new Date()]
    const id = await account.create()
    days.push(new Date())
    const { body } = await account.askInfo(id)
    expect(body).toMatchObject({
      org_id: bank.orgId,
      card_id: id,
      account_id: 12_345_678,
      type: 'VIRTUAL',
      printed_name: 'JANE HOLDER',
      // Whoever compares must not print it.
      correlation_id: expect.stringMatching(uuid),
    })
    const info = await account.info(id)
    expect(info.card_number.startsWith(scenarioBin)).toBe(true)
    expect(passesLuhn(info.card_number)).toBe(true)
    const expiries = days.map((day) => {
      const end = new Date(Date.UTC(day.getUTCFullYear() + 6, day.getUTCMonth()))
      return end.toISOString().replace(/^..(..)-(..).*$/, '$2/$1')
    })
    expect(expiries).toContain(info.expiration_date)
    expect(info.cvv).toBe(expectedCvv(info))
    expect(['000', '999', '101', '120', '121', '201', '220', '221', '601']).not.toContain(info.service_code)
  })

  test('is changed, and unique by its name while it lives', async () => {
    const id = await account.create({ name: 'first', customer: 78 })
    expect((await account.post({ name: 'first', customer: 78 })).status).toBeGreaterThanOrEqual(400)
    expect(await account.post({ name: 'first', customer: 79 })).toMatchObject({ status: 201 })
    const body = { name: 'second', printed_name: 'John Holder', contactless_enabled: false }
    expect(await account.patch(id, body)).toMatchObject({ status: 200, body: { ...body, id } })
    expect(await account.post({ name: 'first', customer: 78 })).toMatchObject({ status: 201 })
    expect((await account.get(id)).body).toMatchObject(body)
  })

  test('is made once under one idempotency key', async () => {
    const replies = await Promise.all(
      [0, 1, 2, 3].map(() => account.post({ name: 'once', customer: 80, key: 'one' })),
    )
    const ids = replies.filter(({ status }) => status === 201).map(({ body }) => body['id'])
    expect(new Set(ids).size).toBe(1)
    const again = await account.post({ name: 'once', customer: 80, key: 'one' })
    expect(again).toMatchObject({ status: 201, body: { id: ids[0] } })
    expect(await account.post({ name: 'other', customer: 80, key: 'one' })).toMatchObject({ status: 409 })
  })

  test.each([
    ['a type that is not offered', { type: 'PLASTIC' }],
    ['no name', { name: '' }],
    ['a name that is too long', { name: 'x'.repeat(51) }],
    ['a printed name with digits', { printed_name: 'JANE 1' }],
    ['a printed name of one letter', { printed_name: 'J' }],
    ['an interval of nothing', { cvv_rotation_interval_hours: 0 }],
    ['an interval below an hour', { cvv_rotation_interval_hours: 0.5 }],
    ['an interval of more than a year', { cvv_rotation_interval_hours: 8_761 }],
    ['an interval in words', { cvv_rotation_interval_hours: '24' }],
  ])('is not made with %s', async (_, more) => {
    expect(await account.post({ more })).toMatchObject({ status: 400 })
  })

  test.each(['', '0', '-1', '1.5', 'x', '99999999999999999999'])(
    'is not made for the customer "%s"',
    async (customer) => {
      const reply = await account.call('POST', '/wallet/v2/cards', {
        headers: { 'x-customer-id': customer },
        body: { name: 'nobody', printed_name: 'NOBODY', type: 'VIRTUAL' },
      })
      expect(reply).toMatchObject({ status: 400 })
    },
  )
})

describe('a forced rotation', () => {
  test('makes the old CVV wrong and another one right, and leaves the rest of the card', async () => {
    const id = await account.create()
    const before = await account.info(id)
    expect(await judge(id, before.cvv)).toBe('right')
    expect(await account.force(id)).toMatchObject({ status: 200, body: { success: true } })
    const after = await account.info(id)
    expect(after).toMatchObject({ card_number: before.card_number, expiration_date: before.expiration_date })
    expect(after.cvv === before.cvv).toBe(false)
    expect(after.service_code === before.service_code).toBe(false)
    expect(after.cvv).toBe(expectedCvv(after))
    expect(await judge(id, before.cvv)).toBe('wrong')
    expect(await judge(id, after.cvv)).toBe('right')
    expect(await judge(id, after.cvv, after.expiration_date)).toBe('right')
    const [month = '', year = ''] = after.expiration_date.split('/')
    expect(await judge(id, after.cvv, `${month}/${otherThan(year).slice(1)}`)).toBe('wrong')
    expect((await account.get(id)).body['cvv_rotation_interval_hours']).toBe(null)
  })

  test('takes the service code that is given, also one that leaves the CVV as it was', async () => {
    const id = await account.create()
    for (const time of [1, 2]) {
      expect({ time, ...(await account.force(id, '347')) }).toMatchObject({
        time,
        status: 200,
        body: { success: true },
      })
      const info = await account.info(id)
      expect(info.service_code).toBe('347')
      expect(info.cvv).toBe(expectedCvv(info))
    }
  })

  test.each(['000', '999', '12', '1234', 'abc', '１２３', ' 12', ''])(
    'refuses the service code "%s"',
    async (code) => {
      const id = await account.create()
      const before = await account.info(id)
      expect(await account.force(id, code)).toMatchObject({ status: 400 })
      expect((await account.info(id)).cvv === before.cvv).toBe(true)
    },
  )

  test('is told once, with no next date where there is no schedule', async () => {
    const id = await account.create()
    await account.force(id)
    const [event] = await eventsOf(id, 1)
    expect(event).toMatchObject({
      event_type: 'rotate_cvv',
      org_id: bank.orgId,
      data: {
        account_id: 12_345_678,
        card_id: id,
        operation_type: 'ROTATE_CVV',
        cvv_rotation_type: 'MANUAL',
        cvv_next_rotation_date: null,
        card_printed_name: 'JANE HOLDER',
        card_status: 'NORMAL',
      },
    })
    const info = await account.info(id)
    const said = JSON.stringify(event?.data)
    expect(said.includes(info.card_number)).toBe(false)
    expect(Object.keys(event?.data ?? {})).not.toContain('cvv')
    expect(info.card_number.endsWith(String(event?.data['card_last_four_numbers']))).toBe(true)
  })
})

describe('a schedule', () => {
  test('is announced in order: set, kept within two minutes, changed, forced, and ended', async () => {
    const id = await account.create({ hours: 24 })
    const made = Date.now()
    await account.force(id)
    const first = Date.now()
    expect(await account.change(id, 48)).toMatchObject({
      status: 200,
      body: { id, cvv_rotation_interval_hours: 48 },
    })
    await account.force(id)
    expect((await account.get(id)).body).toMatchObject({ cvv_rotation_interval_hours: 48 })
    expect(await account.stop(id)).toMatchObject({ status: 204 })
    expect((await account.get(id)).body).toMatchObject({ cvv_rotation_interval_hours: null })
    await account.force(id)
    const events = await eventsOf(id, 5)
    expect(events.map(({ data }) => [data.operation_type, data.cvv_rotation_type])).toEqual([
      ['ROTATE_CVV', 'MANUAL'],
      ['CHANGE_CVV_ROTATION', 'MANUAL'],
      ['ROTATE_CVV', 'MANUAL'],
      ['DELETE_CVV_ROTATION', 'MANUAL'],
      ['ROTATE_CVV', 'MANUAL'],
    ])
    const dates = events.map(({ data }) => data.cvv_next_rotation_date)
    const [kept = '', changed = '', stillChanged, none, stillNone] = dates
    // A day from its creation, not from the rotation that was forced within two minutes of it.
    expect(Date.parse(kept ?? '') - 24 * hourMs).toBeLessThanOrEqual(made)
    expect(Date.parse(changed ?? '') - 48 * hourMs).toBeGreaterThanOrEqual(first)
    expect([stillChanged, none, stillNone]).toEqual([changed, null, null])
    expect(new Set(events.map(({ data }) => data.card_hash)).size).toBe(1)
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(5)
  })

  test('that is changed or ended leaves the CVV', async () => {
    const id = await account.create()
    const { cvv } = await account.info(id)
    await account.change(id, 1)
    await account.change(id, 8_760)
    await account.stop(id)
    expect(await judge(id, cvv)).toBe('right')
  })

  test('cannot be ended where there is none', async () => {
    const id = await account.create({ hours: 1 })
    expect(await account.stop(id)).toMatchObject({ status: 204 })
    expect(await account.stop(id)).toMatchObject({ status: 404 })
    expect(await account.stop(await account.create())).toMatchObject({ status: 404 })
  })

  test.each([0, -1, 8_761, 1.5, '24', null, true])('has no interval of %s hours', async (hours) => {
    const id = await account.create({ hours: 24 })
    expect(await account.change(id, hours)).toMatchObject({ status: 400 })
    expect((await account.get(id)).body).toMatchObject({ cvv_rotation_interval_hours: 24 })
  })

  test('that is due rotates by itself, once for all that was missed, and goes on in step', async () => {
    const [id = 0] = await makeCardsInThePast(scenario, bank, {
      ...{ cards: 1, hoursAgo: 5, intervalHours: 2, accountId: 12_345_678 },
    })
    const [event, ...others] = await eventsOf(id, 1)
    expect(event).toMatchObject({
      data: { operation_type: 'ROTATE_CVV', cvv_rotation_type: 'AUTOMATIC', account_id: 12_345_678 },
    })
    const { created_at: _, ...body } = (await account.get(id)).body
    const madeAt = Date.parse(String(event?.data['issuing_date']))
    const next = Date.parse(event?.data.cvv_next_rotation_date ?? '')
    expect((next - madeAt) / hourMs).toBe(6)
    expect(body).toMatchObject({ cvv_rotation_interval_hours: 2 })
    // A forced one more than two minutes after the last scheduling begins anew; this is at once after it.
    await account.force(id)
    const [, forced] = await eventsOf(id, 2)
    expect(forced?.data.cvv_next_rotation_date).toBe(event?.data.cvv_next_rotation_date)
    expect(others).toEqual([])
    const info = await account.info(id)
    expect(info.cvv).toBe(expectedCvv(info))
  })
})

describe('a card that ended', () => {
  test('is told, and nothing else can be done with it', async () => {
    const id = await account.create({ name: 'ending', hours: 24, customer: 90 })
    const { cvv } = await account.info(id)
    expect(await account.patch(id, { status: 'CANCELED' })).toMatchObject({
      status: 200,
      body: { status: 'CANCELED' },
    })
    expect(await account.get(id)).toMatchObject({ status: 200, body: { status: 'CANCELED' } })
    for (const reply of [
      await account.askInfo(id),
      await account.force(id),
      await account.change(id, 24),
      await account.stop(id),
      await authoriser.verify(id, cvv),
    ])
      expect(reply).toMatchObject({ status: 404 })
    // Its name is free again.
    expect(await account.post({ name: 'ending', customer: 90 })).toMatchObject({ status: 201 })
  })
})

describe('what an issuer sets', () => {
  const set = (...words: readonly string[]) => command('issuer', 'set', '--tenant', 'bank', ...words)

  test('a grace lets the CVV before count for a while, and only from then on', async () => {
    const id = await account.create()
    const first = await account.info(id)
    await account.force(id)
    await set('--grace', '300')
    const cards = await until('a grace', async () => {
      const made = await account.create()
      const { cvv } = await account.info(made)
      await account.force(made)
      return (await judge(made, cvv)) === 'right' && { made, cvv }
    })
    expect(await judge(cards.made, (await account.info(cards.made)).cvv)).toBe('right')
    expect(await judge(id, first.cvv)).toBe('wrong')
    await account.force(cards.made)
    // Of the two before only the last.
    expect(await judge(cards.made, cards.cvv)).toBe('wrong')
    await set('--grace', '0')
    await until('no grace', async () => {
      const made = await account.create()
      const { cvv } = await account.info(made)
      await account.force(made)
      return (await judge(made, cvv)) === 'wrong'
    })
  })

  test('a delay lets a card have no data at first', async () => {
    await set('--pci-delay', '3600')
    const id = await until('a delay', async () => {
      const made = await account.create()
      return (await account.askInfo(made)).status === 404 && made
    })
    expect(await account.get(id)).toMatchObject({ status: 200 })
    expect(await account.force(id)).toMatchObject({ status: 404 })
    expect(await authoriser.verify(id, '123')).toMatchObject({ status: 404 })
    await set('--pci-delay', '0')
    await until('its data', async () => (await account.askInfo(id)).status === 200)
  })

  test('another name of the event', async () => {
    for (const name of ['rotate_cvv-1', 'rotate_cvv']) {
      await set('--event-type', name)
      await until('the name', async () => {
        const id = await account.create()
        await account.force(id)
        const [event] = await eventsOf(id, 1)
        return event?.event_type === name
      })
    }
  })
})

test('all of it is in the audit log, and nothing of a card but its id', async () => {
  const id = await account.create({ hours: 24 })
  const replies = [
    await account.askInfo(id),
    await account.force(id),
    await account.change(id, 12),
    await account.patch(id, { contactless_enabled: false }),
    await account.stop(id),
    await account.resetTries(id, bank.orgId),
    await account.patch(id, { status: 'CANCELED' }),
  ]
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 204, 200, 200])
  const [past = 0] = await makeCardsInThePast(scenario, bank, { cards: 1, hoursAgo: 2, intervalHours: 1 })
  await eventsOf(past, 1)
  const { entries } = await exportAudit(scenario)
  const own = entries.filter(({ subject }) => subject?.[1] === String(id))
  expect(own.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    'issued-card.created success',
    expect.stringMatching(/^issued-card\.shown /),
    'cvv.rotated success',
    'cvv.schedule-changed success',
    'issued-card.updated success',
    'cvv.schedule-changed success',
    'cvv.tries-reset success',
    'issued-card.updated success',
  ])
  for (const entry of own)
    expect(entry).toMatchObject({
      actor: ['credential', bank.keys.credential_id],
      origin: '127.0.0.1',
      tenantId: bank.tenantId,
      subject: ['issued-card', String(id)],
    })
  const due = entries.filter(({ action }) => action === 'cvv.rotated-due')
  expect(due.length).toBeGreaterThan(0)
  for (const { actor, subject, tenantId } of due)
    expect([actor[0], subject?.[0], tenantId]).toEqual(['vault', 'issuer', bank.tenantId])
  expect(await command('audit', 'verify')).toMatchObject({ ok: true })
})
