import { readFileSync } from 'node:fs'
import { testCards } from '@cardkeep/testing/canary/cards'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { findBarriers } from './support/accessibility.ts'
import { describeInChromium } from './support/chromium.ts'
import {
  eventsOf,
  type MountWish,
  mount,
  putShop,
  submit,
  typeCard,
  vaultFrame,
} from './support/elements-shop.ts'
import { type Site, startSite } from './support/site.ts'
import { startTill, type Till } from './support/till.ts'
import { startWebVault, type WebVault } from './support/vault.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 })

let site: Site
let elsewhere: Site
let till: Till
let vault: WebVault
let checkout: string

const prepare = async (): Promise<void> => {
  till = await startTill()
  site = await startSite()
  elsewhere = await startSite('elsewhere.test')
  vault = await startWebVault({ origins: [site.origin], provider: till.provider })
  checkout = putShop(site, vault.origin)
}

const frameScript = readFileSync(new URL(import.meta.resolve('@cardkeep/elements/dist/frame.js')), 'utf8')

const card = { number: testCards.visa, expiry: '1230', code: '739' }
const wanted = { status: 'success', tokenId: expect.stringMatching(/^[\da-f-]{36}$/) }

const tokenOf = (result: Awaited<ReturnType<typeof submit>>): string => {
  if (result.status !== 'success') throw new Error(result.reason)
  return result.tokenId
}

describeInChromium('the elements', (chromium) => {
  beforeAll(prepare)

  const openShop = async (
    url = checkout,
  ): Promise<{ readonly page: Page; readonly complaints: string[] }> => {
    const page = await chromium.openPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', ({ message }) => complaints.push(message))
    await page.goto(url)
    return { page, complaints }
  }
  const openElement = async (wish: MountWish) => {
    const opened = await openShop()
    expect((await mount(opened.page, vault.origin, wish)).map(([name]) => name)).toEqual(['ready'])
    return { ...opened, frame: vaultFrame(opened.page, vault.origin) }
  }

  describe('a card', () => {
    test('becomes a token without the page having seen number or code', async () => {
      const sessionId = await vault.merchant.openTokenize()
      const page = await chromium.openPage()
      const sent: string[] = []
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
      await page.goto(checkout)
      await mount(page, vault.origin, { kind: 'card', sessionId })
      await typeCard(vaultFrame(page, vault.origin), card)
      const result = await submit(page, 'card', 'Ada Lovelace')
      expect(result).toEqual(wanted)
      expect(await till.charge(vault, tokenOf(result))).toEqual({ number: card.number, code: card.code })

      const heard = await page.evaluate(() => JSON.stringify([window.heard, window.events]))
      const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))
      const seen = [heard, kept, await page.content(), ...sent, JSON.stringify(site.requests)].join('\n')
      expect(seen).toContain('"hello"')
      for (const secret of [card.number, card.number.slice(0, 6), card.number.slice(-4), `"${card.code}"`])
        expect(seen).not.toContain(secret)
    })

    test('leaves a mask in the fields and nothing in any storage once it was sent', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await typeCard(frame, card)
      expect(await submit(page, 'card')).toEqual(wanted)
      const values = await frame.evaluate(() =>
        [...document.querySelectorAll('input')].map(({ value }) => value),
      )
      expect(values).toEqual([`•••• ${card.number.slice(-4)}`, '12 / 30', '•••'])
      const stored = await frame.evaluate(() => {
        try {
          return localStorage.length + sessionStorage.length + document.cookie.length
        } catch {
          // A browser may keep what is embedded from storing anything; the fields do not need it.
          return 0
        }
      })
      expect(stored).toBe(0)
      expect(await submit(page, 'card')).toMatchObject({ status: 'failure', reason: 'session' })
    })

    test('says nothing more of itself once it was sent, whatever field is left', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      // Its last four digits would be the beginning of another brand's number.
      await typeCard(frame, { ...card, number: '5555 5555 5555 4444' })
      expect(await submit(page, 'card')).toEqual(wanted)
      await page.keyboard.press('Tab')
      await page.waitForFunction(() => window.events.at(-1)?.[0] === 'blur')
      expect((await eventsOf(page)).findLast(([name]) => name === 'change')?.[1]).toMatchObject({
        brand: 'mastercard',
        complete: true,
      })
      expect(await frame.locator('.number .brand').textContent()).toBe('Mastercard')
    })

    test('is not cleared away while it is sent', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await typeCard(frame, card)
      const sending = page.evaluate(() => {
        const result = window.elements.tokenize()
        window.field.clear()
        return result
      })
      expect(await sending).toEqual(wanted)
      expect(await frame.getByLabel('Card number').inputValue()).toBe(`•••• ${card.number.slice(-4)}`)
    })

    test('does not get the token of another one that was sent from another window', async () => {
      const sessionId = await vault.merchant.openTokenize()
      const [here, there] = [
        await openElement({ kind: 'card', sessionId }),
        await openElement({ kind: 'card', sessionId }),
      ]
      await typeCard(here.frame, card)
      expect(await submit(here.page, 'card')).toEqual(wanted)
      await typeCard(there.frame, { ...card, number: testCards.visa2 })
      expect(await submit(there.page, 'card')).toMatchObject({ status: 'failure', reason: 'session' })
    })

    test('that is not right is shown where it is wrong, and can be mended', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await typeCard(frame, { number: '4111 1111 1111 1112', expiry: '12/20', code: '1' })
      expect(await submit(page, 'card')).toMatchObject({ status: 'failure', reason: 'invalid' })
      const number = frame.getByLabel('Card number')
      expect(await number.evaluate((input) => input === document.activeElement)).toBe(true)
      expect(await number.getAttribute('aria-invalid')).toBe('true')
      expect(await frame.locator('#number-error').textContent()).toBe('Check the card number.')
      expect(await frame.locator('#expiry-error').textContent()).toBe('This card has expired.')
      expect((await eventsOf(page)).findLast(([name]) => name === 'change')).toEqual([
        'change',
        {
          empty: false,
          complete: false,
          valid: false,
          brand: 'visa',
          errors: { number: 'invalid', expiry: 'expired', code: 'incomplete' },
        },
      ])
      await page.evaluate(() => window.field.clear())
      await typeCard(frame, card)
      expect(await submit(page, 'card')).toEqual(wanted)
    })

    test('can be corrected in the middle of a field', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      const press = async (...keys: readonly string[]): Promise<void> => {
        for (const key of keys) await page.keyboard.press(key)
      }
      const expiry = frame.getByLabel('Expiry date')
      await expiry.pressSequentially('1230')
      await press('Home', 'ArrowRight', 'ArrowRight', 'Backspace', '1')
      await expect.poll(() => expiry.inputValue()).toBe('11 / 30')
      await press('Home', 'Delete', 'Delete', '0', '2')
      await expect.poll(() => expiry.inputValue()).toBe('02 / 30')
      // A month of one digit is written out once the field is left; a key that deletes takes one digit all the same.
      await press('Home', 'Delete', 'Tab', 'Shift+Tab', 'End', 'Backspace')
      await expect.poll(() => expiry.inputValue()).toBe('02 / 3')

      const number = frame.getByLabel('Card number')
      await number.pressSequentially('42425678')
      await press('Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Delete', 'Backspace', '9')
      await expect.poll(() => number.inputValue()).toBe('4249 678')
    })

    test('is sent once, however often it is asked for meanwhile', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await typeCard(frame, card)
      const results = await page.evaluate(() =>
        Promise.all([window.elements.tokenize(), window.elements.tokenize()]),
      )
      expect(results).toEqual([wanted, expect.objectContaining({ status: 'failure', reason: 'busy' })])
    })

    test('that is filled in by the browser is taken as if it were typed', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await frame.getByLabel('Card number').fill(card.number)
      await frame.getByLabel('Expiry date').fill('12/2030')
      await frame.getByLabel('Security code').fill(card.code)
      expect(await frame.getByLabel('Expiry date').inputValue()).toBe('12 / 30')
      expect(tokenOf(await submit(page, 'card'))).not.toBe('')
    })
  })

  describe('a code', () => {
    test('is refreshed for a card that is shown with its last four digits', async () => {
      const token = await vault.merchant.importCard({ number: testCards.mastercard, month: 4, year: 2033 })
      const { page, frame } = await openElement({
        kind: 'code',
        sessionId: await vault.merchant.openRefresh(token),
      })
      expect(await frame.locator('.known .box').textContent()).toBe(
        `Mastercard•••• ${testCards.mastercard.slice(-4)}04 / 33`,
      )
      await frame.getByLabel('Security code').pressSequentially('8642')
      expect(await submit(page, 'code')).toEqual({ status: 'success', tokenId: token })
      expect(await till.charge(vault, token)).toEqual({ number: testCards.mastercard, code: '864' })
    })

    test('has as many digits as its scheme prints', async () => {
      const token = await vault.merchant.importCard({ number: testCards.amex })
      const { page, frame } = await openElement({
        kind: 'code',
        sessionId: await vault.merchant.openRefresh(token),
      })
      await frame.getByLabel('Security code').pressSequentially('864')
      expect(await submit(page, 'code')).toMatchObject({ status: 'failure', reason: 'invalid' })
      await frame.getByLabel('Security code').press('2')
      expect(await submit(page, 'code')).toEqual({ status: 'success', tokenId: token })
    })
  })

  describe('what cannot be shown is told with its reason', () => {
    const failureOf = async (url: string, wish: MountWish): Promise<unknown> => {
      const { page } = await openShop(url)
      const events = await mount(page, vault.origin, wish)
      expect(await page.locator('iframe').count()).toBe(0)
      return events.map(([name, told]) => [name, (told as { readonly reason?: string } | undefined)?.reason])
    }

    test('a page of an origin that is not allowed', async () => {
      const sessionId = await vault.merchant.openTokenize()
      const url = putShop(elsewhere, vault.origin)
      expect(await failureOf(url, { kind: 'card', sessionId })).toEqual([['loaderror', 'blocked']])
    })

    test('a session that there is not', async () => {
      const sessionId = '00000000-0000-4000-8000-000000000009'
      expect(await failureOf(checkout, { kind: 'card', sessionId })).toEqual([['loaderror', 'blocked']])
    })

    test('a session that asks for something else, or was answered', async () => {
      const sessionId = await vault.merchant.openTokenize()
      expect(await failureOf(checkout, { kind: 'code', sessionId })).toEqual([['loaderror', 'session']])
      const { page, frame } = await openElement({ kind: 'card', sessionId })
      await typeCard(frame, card)
      await submit(page, 'card')
      expect(await failureOf(checkout, { kind: 'card', sessionId })).toEqual([['loaderror', 'session']])
    })

    test('a vault that does not answer in time', async () => {
      const { page } = await openShop()
      // Never continued: the request stays open for as long as the page does.
      await page.route('**/elements/v1/frame/**', () => undefined)
      const sessionId = await vault.merchant.openTokenize()
      const events = await mount(page, vault.origin, { kind: 'card', sessionId, deadlineMs: 300 })
      expect(events).toEqual([['loaderror', expect.objectContaining({ reason: 'timeout' })]])
    })
  })

  describe('a frame that comes late or again', () => {
    test('is waited for by a page that was busy itself', async () => {
      const { page } = await openShop()
      await page.evaluate(() => {
        const { setTimeout } = window
        // As if the page had done nothing else since it greeted its frame: the first timer is due before a word is heard.
        const holdUp = (): void => {
          window.setTimeout = ((act: () => void) => {
            window.setTimeout = setTimeout
            return setTimeout(act)
          }) as typeof setTimeout
        }
        document.addEventListener('load', holdUp, true)
      })
      const sessionId = await vault.merchant.openTokenize()
      const events = await mount(page, vault.origin, { kind: 'card', sessionId })
      expect(events.map(([name]) => name)).toEqual(['ready'])
    })

    test('can be used where the page has moved it, and is empty', async () => {
      const sessionId = await vault.merchant.openTokenize()
      const { page, frame } = await openElement({ kind: 'card', sessionId })
      await typeCard(frame, card)
      await page.evaluate(() => {
        window.events.length = 0
        document.querySelector('main')?.prepend(document.querySelector('#card') ?? '')
      })
      await page.waitForFunction(() => window.events.some(([name]) => name === 'ready'))
      expect((await eventsOf(page)).filter(([name]) => name === 'change').at(-1)?.[1]).toMatchObject({
        empty: true,
        complete: false,
      })
      await typeCard(vaultFrame(page, vault.origin), card)
      expect(await submit(page, 'card')).toEqual(wanted)
    })

    test('can be asked for again after it could not be shown', async () => {
      const { page } = await openShop()
      await page.route('**/elements/v1/frame/**', (route) => route.abort(), { times: 1 })
      const sessionId = await vault.merchant.openTokenize()
      const events = await mount(page, vault.origin, { kind: 'card', sessionId })
      expect(events).toEqual([['loaderror', expect.objectContaining({ reason: 'blocked' })]])
      await page.evaluate(() => window.field.mount('#card'))
      await page.waitForFunction(() => window.events.at(-1)?.[0] === 'ready')
    })
  })

  describe('a frame hears', () => {
    /** Posts a first message with a port to the frame of the vault, and says whether anything comes back. */
    const knock = `(frame) => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => resolve(data.type)
      setTimeout(() => resolve('silence'), 700)
      frame.postMessage({ type: 'cardkeep:init', version: 1, kind: 'card', locale: 'en', appearance: {}, labels: {}, placeholders: {} }, '*', [port2])
    })`

    /** Puts a frame into a page by hand. */
    const addFrame = (page: Page, url: string): Promise<void> =>
      page.evaluate(async (src) => {
        const frame = document.createElement('iframe')
        frame.src = src
        await new Promise((resolve) => {
          frame.addEventListener('load', resolve)
          document.body.append(frame)
        })
      }, url)
    const openBare = async (url: string, frameUrl: string): Promise<Page> => {
      const { page } = await openShop(url)
      await addFrame(page, frameUrl)
      return page
    }
    const knockFrom = async (page: Page, url: string): Promise<unknown> => {
      await addFrame(page, url)
      const stranger = page.frames().find((frame) => frame.url() === url)
      return stranger?.evaluate(`(${knock})(parent.frames[0])`)
    }

    test('neither another origin nor another window of its own page, but the page itself, once', async () => {
      const sessionId = await vault.merchant.openTokenize()
      const page = await openBare(checkout, `${vault.origin}/elements/v1/frame/${sessionId}`)
      expect(await knockFrom(page, elsewhere.put('/stranger', { body: '<title>x</title>' }))).toBe('silence')
      expect(await knockFrom(page, site.put('/sibling', { body: '<title>x</title>' }))).toBe('silence')
      expect(await page.evaluate(`(${knock})(frames[0])`)).toBe('hello')
      expect(await page.evaluate(`(${knock})(frames[0])`)).toBe('silence')
    })

    test('no page of an origin that is not in its own list, though the browser let it in', async () => {
      // The frame as it is, in a page without the header that would keep strangers out.
      site.put('/elements/v1/frame.js', { body: frameScript, type: 'text/javascript' })
      const copy = site.put('/elements/v1/frame/copy', {
        body: `<meta name="cardkeep-origins" content="${site.origin}"><script src="../frame.js" defer></script>`,
      })
      const stranger = await openBare(putShop(elsewhere, vault.origin), copy)
      expect(await stranger.evaluate(`(${knock})(frames[0])`)).toBe('silence')
      const own = await openBare(checkout, copy)
      expect(await own.evaluate(`(${knock})(frames[0])`)).toBe('hello')
    })

    test('nobody where it stands alone', async () => {
      const page = await chromium.openPage()
      await page.goto(`${vault.origin}/elements/v1/frame/${await vault.merchant.openTokenize()}`)
      expect(await page.evaluate(`(${knock})(window)`)).toBe('silence')
    })
  })

  describe('a page', () => {
    test('needs no more of its own policy than the documents say, and neither does the frame', async () => {
      const { page, frame, complaints } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
        appearance: { variables: { colorAccent: '#0a7f5a', borderRadius: '0' } },
      })
      await typeCard(frame, card)
      await submit(page, 'card')
      expect(complaints).toEqual([])
      const radius = await frame.locator('.number .box').evaluate((box) => getComputedStyle(box).borderRadius)
      expect(radius).toBe('0px')
    })

    test('can go through the fields by keyboard, and hears of Enter', async () => {
      const { page } = await openElement({ kind: 'card', sessionId: await vault.merchant.openTokenize() })
      await page.getByText('Before').focus()
      const steps = [
        ['Tab', 'focus number'],
        ['Tab', 'focus expiry'],
        ['Tab', 'focus code'],
        ['Enter', 'submit'],
        ['Tab', 'blur code'],
      ] as const
      for (const [key, then] of steps) {
        await page.keyboard.press(key)
        // The next key goes to whichever process has the focus by then.
        await page.waitForFunction((event) => {
          const [name, told] = window.events.at(-1) ?? []
          return [name, ...Object.values(told ?? {})].join(' ') === event
        }, then)
      }
      await page.waitForFunction(() => document.activeElement?.textContent === 'Behind')
      const told = (await eventsOf(page)).map(([name, what]) =>
        [name, ...Object.values(what ?? {})].join(' '),
      )
      expect(told).toEqual([
        ...['ready', 'focus number', 'blur number', 'focus expiry', 'blur expiry', 'focus code', 'submit'],
        'blur code',
      ])
    })

    test('can take the element away and put it back, and gives it as much room as it needs', async () => {
      const { page, frame } = await openElement({
        kind: 'card',
        sessionId: await vault.merchant.openTokenize(),
      })
      await typeCard(frame, card)
      const heightOf = () =>
        page.locator('iframe').evaluate((iframe) => iframe.getBoundingClientRect().height)
      const before = await heightOf()
      await page.evaluate(() => {
        window.field.unmount()
        window.events.length = 0
        window.field.mount('#card')
      })
      await page.waitForFunction(() => window.events.some(([name]) => name === 'ready'))
      const again = vaultFrame(page, vault.origin)
      expect(await again.getByLabel('Card number').inputValue()).toBe('')
      expect(await submit(page, 'card')).toMatchObject({ reason: 'invalid' })
      await page.waitForFunction(
        (height) => (document.querySelector('iframe')?.getBoundingClientRect().height ?? 0) > height,
        before,
      )
      const overflow = await again.evaluate(() => document.body.scrollHeight - window.innerHeight)
      expect(overflow).toBeLessThanOrEqual(0)
    })

    test('may import the elements as a module', async () => {
      const { page } = await openShop()
      const url = JSON.stringify(`${vault.origin}/elements/v1/elements.mjs`)
      const kinds = await page.evaluate(`import(${url}).then((found) => Object.keys(found))`)
      expect(kinds).toEqual(['createElements'])
    })
  })

  describe('people who use other means than a mouse and good eyes', () => {
    test.each(['light', 'dark'] as const)(
      'find no serious barrier in %s colours, with errors or without',
      async (theme) => {
        const sessionId = await vault.merchant.openTokenize()
        const { page, frame } = await openElement({ kind: 'card', sessionId, appearance: { theme } })
        // What is behind the frame is the page's.
        await page.evaluate((dark) => {
          document.body.style.background = dark ? '#101318' : '#fff'
          document.body.style.color = dark ? '#fff' : '#000'
        }, theme === 'dark')
        await frame.evaluate((dark) => {
          document.body.style.background = dark ? '#101318' : '#fff'
        }, theme === 'dark')
        expect((await findBarriers(page)).filter((barrier) => barrier.startsWith('/elements/'))).toEqual([])
        await submit(page, 'card')
        expect((await findBarriers(page)).filter((barrier) => barrier.startsWith('/elements/'))).toEqual([])
      },
    )

    test('find none where only a code is asked for', async () => {
      const token = await vault.merchant.importCard({ number: testCards.visa })
      const { page } = await openElement({ kind: 'code', sessionId: await vault.merchant.openRefresh(token) })
      expect(await findBarriers(page)).toEqual([])
    })
  })
})
