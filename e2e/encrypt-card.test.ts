import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { decrypt, generateKey, readMessage, readPrivateKey } from 'openpgp'
import type { Page } from 'playwright-core'
import { Agent } from 'undici'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from '../scenarios/support/clean-up.ts'
import { createClient } from '../scenarios/support/client.ts'
import { until } from '../scenarios/support/until.ts'
import { basicOf, type SiteKeys } from '../scenarios/support/verifone.ts'
import { scopeOf } from '../scenarios/support/verifone-scenario.ts'
import { describeInChromium } from './support/chromium.ts'
import { pressPay, putEncryptingShop, typeInto, type Way } from './support/encrypting-shop.ts'
import { identity } from './support/identity.ts'
import { type Site, startSite } from './support/site.ts'
import { startTill, type Till } from './support/till.ts'
import { startWebVault, type WebVault } from './support/vault.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 })

let site: Site
let till: Till
let vault: WebVault
let publicKey: string
let privateKey: string

const prepare = async (): Promise<void> => {
  site = await startSite()
  till = await startTill()
  vault = await startWebVault({ provider: till.provider })
  const made = await generateKey({ curve: 'nistP256', userIDs: [{ name: 'shop' }] })
  publicKey = Buffer.from(made.publicKey).toString('base64')
  privateKey = made.privateKey
}

const library = readFileSync(
  new URL('../lightweight/openpgp.min.mjs', import.meta.resolve('openpgp')),
  'utf8',
)

const card = { number: '4111 1111 1111 1111', name: 'Zoë Lovelace', month: '4', year: '33', code: '737' }
const encrypted = {
  cardNumber: testCards.visa,
  cardholderName: card.name,
  expiryMonth: card.month,
  expiryYear: card.year,
  cvv: card.code,
  captureTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
}

const open = async (encryptedCard = ''): Promise<unknown> => {
  const { data } = await decrypt({
    message: await readMessage({ armoredMessage: Buffer.from(encryptedCard, 'base64').toString() }),
    decryptionKeys: await readPrivateKey({ armoredKey: privateKey }),
  })
  return JSON.parse(String(data))
}

/** The shop's server as it speaks to the vault, with a capture key of its own. */
const openServer = async () => {
  const [keys, scope] = await Promise.all([
    vault.command<SiteKeys>('credential', 'create', '--tenant', 'shop', '--dialect', 'verifone'),
    scopeOf(vault, 'shop'),
  ])
  const dispatcher = new Agent({ connect: { ca: identity.caPem } })
  cleanUp(() => dispatcher.close())
  const url = `https://127.0.0.1:${new URL(vault.origin).port}`
  const headers = { authorization: basicOf(keys) }
  const call = createClient({ url, record: join(vault.folder, 'replies.txt'), dispatcher, headers })
  await until('a new credential', async () => (await call('GET', '/api/v2/capture-keys')).status !== 401)
  const { body: key } = await call('POST', '/api/v2/capture-keys')
  return { call, scope, publicKey: String(key['public_key']), alias: key['public_key_alias'] }
}

describeInChromium('a card that is encrypted in the page', (chromium) => {
  beforeAll(prepare)

  /** A page, what it asked of the vault, and what its console had to say. */
  const openShop = async (url: string) => {
    const page = await chromium.openPage()
    const asked: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url())
      if (origin === vault.origin) asked.push(pathname)
      else expect(origin).toBe(site.origin)
    })
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', ({ message }) => complaints.push(message))
    await page.goto(url)
    await page.getByText('Paid 0').waitFor()
    return { page, asked, complaints }
  }

  test.each<[Way, string]>([
    ['script', 'encrypt-card.js'],
    ['module', 'encrypt-card.mjs'],
    ['script under its vendor’s name', 'encrypt-card.js'],
  ])('goes to the shop as a ciphertext alone, by a %s under a strict policy', async (way, file) => {
    const shop = putEncryptingShop(site, vault.origin, publicKey, { way })
    const { page, asked, complaints } = await openShop(shop.url)
    await typeInto(page, card)
    expect(asked).toEqual([`/elements/v1/${file}`])
    await pressPay(page)
    expect(asked).toEqual([`/elements/v1/${file}`, '/elements/v1/openpgp.mjs'])
    await pressPay(page)
    expect(asked).toHaveLength(2)

    const [first, second] = shop.paid()
    expect(await open(first?.encryptedCard)).toEqual(encrypted)
    expect(first?.details).toEqual({
      encryptedCard: expect.any(String),
      captureTime: encrypted.captureTime,
    })
    expect(await open(String(first?.details?.['encryptedCard']))).toEqual(encrypted)
    expect(await open(second?.encryptedCard)).toEqual(encrypted)
    expect(second?.encryptedCard).not.toBe(first?.encryptedCard)
    const heard = JSON.stringify(site.requests)
    for (const secret of [card.number, testCards.visa, card.name]) expect(heard).not.toContain(secret)
    expect(complaints).toEqual([])
  })

  test('becomes a token of the vault, and number and code go where it is charged', async () => {
    const server = await openServer()
    const shop = putEncryptingShop(site, vault.origin, server.publicKey)
    const { page } = await openShop(shop.url)
    await typeInto(page, card)
    await pressPay(page)
    const body = {
      token_scope: server.scope,
      encrypted_card: shop.paid()[0]?.encryptedCard ?? '',
      public_key_alias: server.alias,
    }
    const reply = await server.call('PUT', '/api/v2/card', { body })
    expect([reply.status, reply.body]).toMatchObject([
      200,
      {
        token_status: 'ACTIVE',
        last_four: testCards.visa.slice(-4),
        expiry_month: 4,
        expiry_year: 2033,
        card_holder_name: card.name,
      },
    ])
    const charged = await till.charge(vault, String(reply.body['reuse_token']))
    expect(charged).toEqual({ number: testCards.visa, code: card.code })
  })

  test('is encrypted where the page asks for trusted types and allows the one of this script', async () => {
    const shop = putEncryptingShop(site, vault.origin, publicKey, {
      policy: "require-trusted-types-for 'script'; trusted-types cardkeep",
    })
    const { page, complaints } = await openShop(shop.url)
    await typeInto(page, card)
    await pressPay(page)
    expect(await open(shop.paid()[0]?.encryptedCard)).toEqual(encrypted)
    expect(complaints).toEqual([])
  })

  const failsOnce = (page: Page, fail: 'changed' | 'broken' | 'absent') =>
    page.route(
      '**/openpgp.mjs*',
      async (route) => {
        if (fail === 'broken') return route.abort('connectionreset')
        if (fail === 'absent') return route.fulfill({ status: 404 })
        const headers = { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' }
        return route.fulfill({ headers, body: `${library}\n` })
      },
      { times: 1 },
    )

  test.each(['changed', 'broken', 'absent'] as const)(
    'is not encrypted by a library that comes %s, and the next try asks for it again',
    async (how) => {
      const shop = putEncryptingShop(site, vault.origin, publicKey)
      const { page } = await openShop(shop.url)
      await failsOnce(page, how)
      await typeInto(page, card)
      await pressPay(page)
      await pressPay(page)
      const [first, second] = shop.paid()
      expect(first?.failure).toMatch(/^Error: Cardkeep encryptCard: openpgp\.mjs.* could not be loaded/)
      expect(await open(second?.encryptedCard)).toEqual(encrypted)
    },
  )

  test('is refused by the name of the field, before any library is loaded, where it is none', async () => {
    const shop = putEncryptingShop(site, vault.origin, publicKey)
    const { page, asked } = await openShop(shop.url)
    await typeInto(page, { ...card, month: '13' })
    await pressPay(page)
    expect(shop.paid()[0]?.failure).toBe(
      'TypeError: Cardkeep encryptCard: expiryMonth must be a month, 1 to 12',
    )
    expect(asked).toEqual(['/elements/v1/encrypt-card.js'])
  })
})
