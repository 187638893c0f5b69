import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { countCode } from '@cardkeep/testing/canary/count-code'
import { scanFolder, spellFindings } from '@cardkeep/testing/canary/scan'
import { decodeProtectedHeader } from 'jose'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { databaseFiles } from './support/backends.ts'
import { inParallel } from './support/clean-disk.ts'
import { cvvOf } from './support/cvv-model.ts'
import { findKeys } from './support/find-keys.ts'
import { type Cards, pathsOf } from './support/pismo.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import {
  knownComponents,
  knownPair,
  listenForRotations,
  type OpenedBank,
  openBank,
} from './support/pismo-scenario.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 240_000 })

/*
 * One card whose CVV goes to and fro between two, five hundred times each, and is asked for, guessed and misplaced as often.
 * Three digits stand everywhere by chance, so those that count are compared with others that do not. Each number that is
 * made here is of the load range, which the end of the run searches for too.
 */

const rounds = 500

test('no number, CVV, service code or key is on the disk, in the log, or in what is told', async () => {
  const scenario = await startScenario({ CARDKEEP_LOG: 'debug', CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
  const { folder } = scenario
  const bank = await openBank(scenario)
  const receiver = await listenForRotations(scenario, 'bank')
  const account = await bank.account(1)
  const authoriser = await bank.authoriser()
  await makeCardsInThePast(scenario, bank, { cards: 20, hoursAgo: 3, intervalHours: 1 })

  const id = await account.create({ hours: 24 })
  await account.force(id)
  const [event] = await until('an event', () => receiver.of(id).length > 0 && receiver.of(id))
  const { card_number: number, expiration_date: expiry } = await account.info(id)
  const cvvFor = (serviceCode: string) => cvvOf(knownPair, { number, expiry, serviceCode })
  // What stands in each entry and event stands there a thousand times.
  const repeated = [
    ...[
      id,
      bank.tenantId,
      bank.keys.credential_id,
      event?.data.card_hash,
      decodeProtectedHeader(account.token).kid,
    ],
    ...[new Date().toISOString(), Date.now()],
  ].join(' ')
  const free = threeDigits.filter((digits) => !repeated.includes(digits))
  const [first, second] = free.filter((code) => free.includes(cvvFor(code)) && cvvFor(code) !== code)
  const wrong = free.find((digits) => digits !== cvvFor(first ?? ''))
  if (!first || !second || !wrong || cvvFor(first) === cvvFor(second)) throw new Error('no two are free')
  for (let round = 0; round < rounds; round++)
    for (const code of [second, first]) {
      await account.force(id, code)
      const { cvv } = await account.info(id)
      expect(cvv === cvvFor(code)).toBe(true)
      await authoriser.verify(id, cvv, expiry)
    }
  // After the first few nothing is compared any more, and nothing of it is kept either.
  await inParallel(rounds, () => authoriser.verify(id, wrong))
  const secrets = [first, second, cvvFor(first), cvvFor(second), wrong]
  await misplace(bank, account, { id, number, cvv: cvvFor(first) })
  await until('events', () => receiver.of(id).length > 2 * rounds, 60_000)
  await scenario.vault.kill()

  await exportAudit(scenario)
  databaseFiles({ folder, settings: scenario.options.settings })
  expect(readFileSync(join(folder, 'vault.log'), 'utf8')).toContain('"event":"request')
  expect(spellFindings(scanFolder(folder, testCards))).toBe('')
  const keys = [knownPair, ...knownComponents].flatMap(({ a, b }) => [a, b])
  expect(findKeys(folder, keys)).toEqual([])

  const told = JSON.stringify(receiver.all().map(({ data }) => data))
  expect(told.includes(number)).toBe(false)
  expect(Object.keys(receiver.of(id)[0]?.data ?? {}).filter((name) => /cvv$|cvc|service/.test(name))).toEqual(
    [],
  )

  const usual = free
    .filter((digits) => !secrets.includes(digits))
    .filter((_, at) => at % 29 === 0)
    .map((digits) => countCode(folder, digits))
  for (const [at, secret] of secrets.entries())
    for (const [form, count] of Object.entries(countCode(folder, secret))) {
      const most = Math.max(...usual.map((counts) => counts[form as keyof typeof counts]))
      // Had it been written each time there would be so many more.
      expect([at, form, count < most + rounds / 2]).toEqual([at, form, true])
    }
})

/** Without those that begin like years. */
const threeDigits = Array.from({ length: 600 }, (_, at) => String(at + 310))

let addresses = 0
/** Each comes from an address of its own, as far as failures are counted. */
const fromElsewhere = () => ({ 'x-forwarded-for': `198.51.100.${++addresses % 250}` })

/** The number and the CVV in every wrong place. */
const misplace = async (
  bank: OpenedBank,
  account: Cards,
  { id, number, cvv }: { readonly id: number; readonly number: string; readonly cvv: string },
): Promise<void> => {
  const spaced = number.replace(/(\d{4})(?=\d)/g, '$1 ')
  for (const pan of [number, spaced, number.replace(/(\d{4})(?=\d)/g, '$1-')]) {
    const paths = pathsOf(encodeURIComponent(pan))
    for (const [method, path] of [
      ['GET', paths.card],
      ['GET', paths.info],
      ['POST', paths.reset],
      ['POST', paths.verify],
      ['DELETE', paths.stop],
      ['PATCH', paths.resetTries],
    ] as const)
      await account.call(method, path, { headers: { 'x-tenant': pan } })
    await account.call('GET', `${pathsOf(id).card}?${encodeURIComponent(pan)}=${cvv}`)
    for (const more of [
      { name: pan },
      { name: `card ${pan}` },
      { printed_name: pan },
      { type: pan },
      { metadata: { [pan]: cvv } },
      { metadata: { number: pan } },
      { transaction_limit: pan },
      { transaction_limit: Number(number) },
      { transaction_limit: Number(`0.${number}`) },
      { name: `${pan}0000` },
      { name: `00${pan}` },
      { metadata: { rate: Number(`0.${number}`) } },
      { metadata: { note: `${pan}0000` } },
      { [pan]: cvv },
    ]) {
      await account.post({ more })
      await account.patch(id, more)
    }
    await account.post({ key: pan, name: 'with a key' })
    await account.call('POST', '/wallet/v2/cards', {
      headers: { 'x-customer-id': pan },
      body: `{"name": ${pan} "cvv": ${cvv}`,
    })
    await account.call('POST', pathsOf(id).reset, { body: { service_code: pan } })
    await account.call('POST', pathsOf(id).verify, { body: { cvv: pan } })
    await account.call('POST', pathsOf(id).verify, { body: { cvv, expiration_date: pan } })
    await account.change(id, pan)
    const wish = { client_id: pan, client_secret: pan, client_secret_string: pan, uid: pan, scope: pan }
    const body = { grant_type: 'client_credentials', ...wish }
    await bank.ask('POST', '/passport/v2/oauth/token', { body, headers: fromElsewhere() })
    await bank.exchange({ uid: pan })
    await bank.exchange({ scope: pan })
    const kid = Buffer.from(JSON.stringify({ alg: 'RS256', kid: pan })).toString('base64url')
    for (const authorization of [`Bearer ${pan}`, `Bearer ${kid}.e30.x`, `Basic ${pan}`])
      await bank.ask('GET', pathsOf(id).card, { headers: { ...fromElsewhere(), authorization } })
  }
}
