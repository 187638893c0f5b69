import { testCards } from '@cardkeep/testing/canary/cards'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { findBarriers } from './support/accessibility.ts'
import { type Chromium, describeInChromium } from './support/chromium.ts'
import { type Site, type SiteFile, startSite } from './support/site.ts'
import { startTill, type Till } from './support/till.ts'
import { startWebVault, type WebVault } from './support/vault.ts'
import {
  begin,
  frameIn,
  inputIn,
  type Layout,
  process,
  putVendorShop,
  settle,
} from './support/vendor-shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

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
  checkout = putVendorShop(site, vault.origin)
}

const openCheckout = async (chromium: Chromium, session: string, layout: Layout): Promise<Page> => {
  const page = await chromium.openPage()
  await page.goto(checkout)
  await begin(page, session, vault.origin, layout)
  return page
}

const success = { status: 'success', data: { token_id: expect.stringMatching(/^[\da-f-]{36}$/) } }
const tokenIn = (outcome: unknown): string =>
  (outcome as { readonly data: { readonly token_id: string } }).data.token_id

describeInChromium('the published SDK 3.8.1', (chromium) => {
  beforeAll(prepare)

  test('exchanges a card that is typed into one frame for a token, and its code goes to the provider', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'one frame')
    await inputIn(page, '#card', 'Card number').pressSequentially(testCards.visa2)
    await inputIn(page, '#card', 'Expiry date').pressSequentially('1233')
    await inputIn(page, '#card', 'Security code').pressSequentially('123')
    await inputIn(page, '#name', 'Name on card').fill('Ada Lovelace')
    const outcome = await process(page)
    expect(outcome).toEqual(success)
    const { body } = await vault.merchant.call('GET', `/tokens/${tokenIn(outcome)}`)
    expect(body).toMatchObject({
      masked_account_number: '424242******4242',
      expiry_month: 12,
      expiry_year: 2033,
      cardholder_name: 'Ada Lovelace',
    })
    expect(await till.charge(vault, tokenIn(outcome))).toEqual({ number: testCards.visa2, code: '123' })
  })

  test('does the same with a frame for each field', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'a frame for each field')
    await inputIn(page, '#number', 'Card number').pressSequentially(testCards.amex)
    await inputIn(page, '#expiry', 'Expiry date').pressSequentially('12/33')
    await inputIn(page, '#code', 'Security code').pressSequentially('1234')
    const outcome = await process(page)
    expect(outcome).toEqual(success)
    expect(await till.charge(vault, tokenIn(outcome))).toEqual({ number: testCards.amex, code: '1234' })
  })

  test.each<Layout>(['one frame', 'a frame for each field'])(
    'refreshes a code in %s, of a card that the customer sees and need not type',
    async (layout) => {
      const token = await vault.merchant.importCard({ number: testCards.visa2, month: 4, year: 2033 })
      const page = await openCheckout(chromium, await vault.merchant.openRefresh(token), layout)
      const [number, expiry, code] =
        layout === 'one frame' ? ['#card', '#card', '#card'] : ['#number', '#expiry', '#code']
      const shown = inputIn(page, number, 'Card number')
      await expect.poll(() => shown.inputValue()).toBe('42424242 **** 4242')
      expect(await shown.isDisabled()).toBe(true)
      const date = inputIn(page, expiry, 'Expiry date')
      await expect.poll(() => date.inputValue()).toBe('04 / 33')
      expect(await date.isDisabled()).toBe(true)
      const typed = inputIn(page, code, 'Security code')
      await typed.pressSequentially('999')
      await page.evaluate(() => window.card.clear())
      await expect.poll(() => typed.inputValue()).toBe('')
      expect(await shown.inputValue()).toBe('42424242 **** 4242')
      await typed.pressSequentially('731')
      expect(await process(page)).toEqual({ status: 'success', data: { token_id: token } })
      await expect.poll(() => typed.isDisabled()).toBe(true)
      expect(await till.charge(vault, token)).toEqual({ number: testCards.visa2, code: '731' })
      expect(await vault.merchant.isCodeHeld(token)).toBe(false)
    },
  )

  test('says why it does not go on, and lets the customer correct what is wrong', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'one frame')
    const number = inputIn(page, '#card', 'Card number')
    expect(await process(page)).toEqual({ thrown: 'Card data is not complete' })
    await number.pressSequentially('4242424242424241')
    await settle(page)
    expect(await page.evaluate(() => window.states.at(-1))).toMatchObject({
      valid: false,
      errorCode: 'LUHN_CHECK_FAILED',
    })
    expect(await process(page)).toEqual({ thrown: 'This is not the number of a card' })
    expect(await number.getAttribute('aria-invalid')).toBe('true')
    await number.fill(testCards.visa2)
    await inputIn(page, '#card', 'Expiry date').pressSequentially('1225')
    await inputIn(page, '#card', 'Security code').pressSequentially('123')
    expect(await process(page)).toEqual({
      thrown: 'Card data is not valid. The card has expired, or there is no such month',
    })
    await inputIn(page, '#card', 'Expiry date').fill('12/33')
    expect(await process(page)).toEqual(success)
  })

  test('hands on what the vault says of a code that is none of its card, and the next one is taken', async () => {
    const token = await vault.merchant.importCard({ number: testCards.amex })
    const page = await openCheckout(
      chromium,
      await vault.merchant.openRefresh(token),
      'a frame for each field',
    )
    await expect.poll(() => inputIn(page, '#number', 'Card number').inputValue()).not.toBe('')
    await settle(page)
    // As where the number's frame has told of the brand before the code's could hear it.
    await page.evaluate(() => window.mounted['#code']?.update({ cardType: undefined }))
    const code = inputIn(page, '#code', 'Security code')
    await code.pressSequentially('123')
    expect(await process(page)).toMatchObject({
      status: 'failure',
      data: { code: 422, classifier: 'VALIDATION_ERROR' },
    })
    await code.fill('1234')
    expect(await process(page)).toEqual({ status: 'success', data: { token_id: token } })
  })

  test('says that a session is over or that there is none', async () => {
    const page = await chromium.openPage()
    await page.goto(checkout)
    const session = '00000000-0000-4000-8000-00000000e000'
    await expect(begin(page, session, vault.origin, 'one frame')).rejects.toThrow(
      `Session ${session} doesn't exist or has expired`,
    )
  })

  test('takes the focus from the page and gives it back, and tells it of keys that end a form', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'one frame')
    await page.evaluate(() => {
      window.noted = []
      for (const event of ['focus', 'blur', 'keydown'])
        window.mounted['#card']?.on(event, (data) => {
          const { key } = (data ?? {}) as { readonly key?: string }
          window.noted.push(key ?? event)
        })
    })
    const noted = () => page.evaluate(() => window.noted)
    await page.evaluate(() => window.mounted['#card']?.focus())
    await expect.poll(noted).toEqual(['focus'])
    for (const key of ['1', 'Enter', 'a', 'Escape']) await page.keyboard.press(key)
    await expect.poll(noted).toEqual(['focus', 'Enter', 'Escape'])
    await page.evaluate(() => window.mounted['#card']?.blur())
    await expect.poll(noted).toEqual(['focus', 'Enter', 'Escape', 'blur'])
    expect(await inputIn(page, '#card', 'Card number').inputValue()).toBe('1')
  })

  test('dresses fields as the page wishes, as far as it can load nothing and move nothing', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'one frame')
    await page.evaluate(() =>
      window.mounted['#card']?.update({
        style: {
          base: {
            color: 'rgb(1, 2, 3)',
            fontSize: '21px',
            backgroundColor: 'url(https://elsewhere.test/)',
            position: 'fixed',
          },
        },
      }),
    )
    const number = inputIn(page, '#card', 'Card number')
    const styles = () =>
      number.evaluate((input) => {
        const { color, fontSize, backgroundImage, position } = getComputedStyle(input)
        return { color, fontSize, backgroundImage, position }
      })
    await expect.poll(styles).toEqual({
      color: 'rgb(1, 2, 3)',
      fontSize: '21px',
      backgroundImage: 'none',
      position: 'static',
    })
  })

  test('has frames that keep nobody out', async () => {
    const page = await openCheckout(chromium, await vault.merchant.openTokenize(), 'a frame for each field')
    await inputIn(page, '#number', 'Card number').pressSequentially('4242424242424241')
    const found = await findBarriers(page)
    // The SDK gives its frames no title, in the merchant's page.
    expect(found.filter((line) => line.startsWith('/web/'))).toEqual([])
  })

  describe('in a frame of its own', () => {
    const addressFor = (origin: string): string =>
      `${vault.origin}/web/v3.8.1/iframe/?field=cardNumber&origin=${origin}`

    /** A page with these frames in it, which remembers what it is told by them. */
    const embedding = (...addresses: readonly string[]): SiteFile => ({
      body: `<script>heard = []; onmessage = ({ data }) => heard.push(data.data?.value ?? data.type)</script>
      ${addresses.map((address) => `<iframe src="${address}"></iframe>`).join('')}`,
    })

    const openPageWith = async (on: Site, ...addresses: readonly string[]): Promise<Page> => {
      const page = await chromium.openPage()
      await page.goto(on.put('/frames', embedding(...addresses)))
      return page
    }

    const heardIn = (page: Page): Promise<unknown> => page.evaluate('heard')

    /** In a field: remembers from where messages came that it has heard before. */
    const noteMessages = "noted = []; addEventListener('message', ({ origin }) => noted.push(origin))"

    test.each([
      ['under its own name', () => elsewhere.origin],
      ['under the name of a shop', () => site.origin],
    ])('is not in a page whose origin nobody has allowed, %s', async (_how, name) => {
      const page = await openPageWith(elsewhere, addressFor(name()))
      await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/)
      expect(await heardIn(page)).toEqual([])
    })

    test('hears the page that it is in, and neither another frame of its origin nor one of a stranger', async () => {
      const post = `<script>
        const post = () => parent.frames[0].postMessage({ type: 'update', data: { placeholder: 'no' } }, '*')
      </script>`
      const [ours, theirs] = [site.put('/post', { body: post }), elsewhere.put('/post', { body: post })]
      const page = await openPageWith(site, addressFor(site.origin), ours, theirs)
      await expect.poll(() => heardIn(page)).toEqual(['ready'])
      const [, field, sibling, stranger] = page.frames()
      await field?.evaluate(noteMessages)
      for (const frame of [sibling, stranger]) await frame?.evaluate('post()')
      await expect.poll(() => field?.evaluate('noted')).toEqual([site.origin, elsewhere.origin])
      const input = page.frameLocator('iframe >> nth=0').getByRole('textbox')
      expect(await input.getAttribute('placeholder')).toBe('1234 1234 1234 1234')
      await page.evaluate("frames[0].postMessage({ type: 'update', data: { placeholder: 'yes' } }, '*')")
      await expect.poll(() => input.getAttribute('placeholder')).toBe('yes')
    })

    test('neither hears nor tells a page of another origin, even where the browser lets it in', async () => {
      const page = await openPageWith(elsewhere)
      const body = '<body><script src="/elements/v1/vendor.js"></script></body>'
      await page.route(`${vault.origin}/web/**`, (route) => route.fulfill({ contentType: 'text/html', body }))
      await page.goto(elsewhere.put('/frames', embedding(addressFor(site.origin))))
      const input = page.frameLocator('iframe').getByRole('textbox')
      await input.pressSequentially('4242')
      const [, field] = page.frames()
      await field?.evaluate(noteMessages)
      await page.evaluate("frames[0].postMessage({ type: 'clear' }, '*')")
      await expect.poll(() => field?.evaluate('noted')).toEqual([elsewhere.origin])
      expect(await input.inputValue()).toBe('4242')
      expect(await heardIn(page)).toEqual([])
    })

    test.each(['/', ''])(
      'hands the page a number once it is one, which is the limit of this SDK, and nothing before: iframe%s',
      async (end) => {
        const page = await openPageWith(site, addressFor(site.origin).replace('/?', `${end}?`))
        await page.frameLocator('iframe').getByRole('textbox').pressSequentially(testCards.visa2)
        const typing = Array.from({ length: testCards.visa2.length - 1 }, () => 'change')
        await expect.poll(() => heardIn(page)).toEqual(['ready', 'focus', ...typing, testCards.visa2])
      },
    )

    test('takes what a keyboard composes as it was meant, and deletes in both directions', async () => {
      const page = await openPageWith(site, addressFor(site.origin))
      const input = page.frameLocator('iframe').getByRole('textbox')
      await input.focus()
      const [, field] = page.frames()
      if (!field) throw new Error('there is no frame')
      const keyboard = await page.context().newCDPSession(field)
      for (const text of ['4', '42', '424', '4242', '42424']) {
        const [selectionStart, selectionEnd] = [text.length, text.length]
        await keyboard.send('Input.imeSetComposition', { text, selectionStart, selectionEnd })
      }
      await keyboard.send('Input.insertText', { text: '42424' })
      await expect.poll(() => input.inputValue()).toBe('4242 4')
      await input.pressSequentially('567')
      await page.keyboard.press('Home')
      for (let at = 0; at < 4; at++) await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Delete')
      await expect.poll(() => input.inputValue()).toBe('4242 567')
    })

    test('is an empty page by itself', async () => {
      const page = await chromium.openPage()
      const answer = await page.goto(addressFor(site.origin))
      expect(answer?.status()).toBe(200)
      expect(await page.locator('body > *').count()).toBe(0)
      expect(await frameIn(page, 'body').locator('input').count()).toBe(0)
    })
  })
})
