import { testCards } from '@cardkeep/testing/canary/cards'
import { findHits } from '@cardkeep/testing/canary/forms'
import { type Demo, startDemo } from '@cardkeep/testing/demo-web/start-demo'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import type { FrameLocator, Page } from 'playwright-core'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from '../scenarios/support/clean-up.ts'
import { findBarriers } from './support/accessibility.ts'
import { describeInChromium } from './support/chromium.ts'
import { watch } from './support/sight.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

describeInChromium('the demo shop', (chromium) => {
  let demo: Demo

  beforeAll(async () => {
    demo = await startDemo(makeWorkspace().path)
    cleanUp(demo.stop)
  })

  test('sells to a new card, and the next time asks for its code alone', async () => {
    const page = await chromium.openPage()
    const { complaints } = await watch(page, demo.shopUrl)
    await page.goto(demo.shopUrl)
    await page.getByRole('link', { name: 'Buy now' }).click()
    const pay = page.getByRole('button', { name: 'Pay €149.00' })
    expect(await pay.isDisabled()).toBe(true)
    await fillIn(page, { number: testCards.visa2, code: '123' })
    await pay.click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    expect(await page.getByRole('img', { name: /4242$/ }).evaluate(isDrawn)).toBe(true)

    await page.getByRole('link', { name: 'Continue to your account' }).click()
    await page.getByRole('link', { name: 'Pay again' }).click()
    const fields = fieldsOf(page)
    await fields.getByLabel('Security code').fill('321')
    expect(await fields.getByRole('textbox').count()).toBe(1)
    await pay.click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    expect(await chapters(page)).toEqual([
      'Payment with the saved card approved',
      'Payment with a new card approved',
    ])
    expect(complaints).toEqual([])
  })

  test('tells a decline, keeps nothing of that card, and takes another one', async () => {
    const page = await chromium.openPage()
    await page.goto(`${demo.shopUrl}/checkout`)
    await buy(page, { number: testCards.visaWithoutFunds, code: '123' })
    expect(await page.getByRole('alert').first().innerText()).toContain('not enough money')
    expect(await page.getByText('DELETE /tokens/').count()).toBe(1)
    await buy(page, { number: testCards.amex, code: '1234' })
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
  })

  test('says so where the fields of the vault cannot be loaded', async () => {
    const page = await chromium.openPage()
    await page.route(`${demo.vaultUrl}/**`, (route) => route.abort())
    await page.goto(`${demo.shopUrl}/checkout`)
    await page.getByRole('alert').getByText('The card fields could not be loaded.').waitFor()
    expect(await page.getByRole('button', { name: /^Pay/ }).isDisabled()).toBe(true)
    await page.unroute(`${demo.vaultUrl}/**`)
    await page.getByRole('link', { name: 'Load it again' }).click()
    await fieldsOf(page).getByLabel('Card number').waitFor()
  })

  test('takes a payment by keyboard alone', async () => {
    const page = await chromium.openPage()
    await page.goto(`${demo.shopUrl}/checkout`)
    await fieldsOf(page).getByLabel('Card number').waitFor()
    await page.getByLabel('Name on card').focus()
    for (const typed of ['Ada Lovelace', testCards.mastercard, '1230', '123']) {
      await page.keyboard.type(typed)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
  })

  test('never sees a card number or a code, neither its page nor its server', async () => {
    const page = await chromium.openPage()
    const sight = await watch(page, demo.shopUrl)
    await page.goto(`${demo.shopUrl}/checkout`)
    await fillIn(page, { number: canary.number, code: canary.codes[0] })
    await sight.look()
    await page.getByRole('button', { name: /^Pay/ }).click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    await sight.look()
    await page.goto(`${demo.shopUrl}/again`)
    await fieldsOf(page).getByLabel('Security code').fill(canary.codes[1])
    await sight.look()
    await page.getByRole('button', { name: /^Pay/ }).click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    await sight.look()

    const frameRequests = sight.frames.map((request) => `${request.url()}\n${request.postData()}`)
    for (const seen of [sight.page, sight.server, frameRequests]) expect(findCanary(seen)).toEqual([])
    expect(new Set(sight.frames.map((request) => new URL(request.url()).origin))).toEqual(
      new Set([demo.vaultUrl]),
    )
    // It was looked where there was something to see.
    expect(sight.page.join('\n')).toContain('"type":"change"')
    expect(sight.server.join('\n')).toContain(`"${canary.number.slice(0, 6)}*****${canary.number.slice(-4)}"`)
    expect(frameRequests.join('\n').match(/"enc_payload"/g)).toHaveLength(2)
  })

  test.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 360 },
  ] as const)(
    'keeps nobody out of a page in $colorScheme colours, $width wide',
    async ({ colorScheme, width }) => {
      const viewport = { width, height: 800 }
      const page = await chromium.openPage({ colorScheme, viewport, reducedMotion: 'reduce' })
      const examine = async () => {
        if (await page.locator('#field').count()) await fieldsOf(page).getByRole('textbox').first().waitFor()
        await putGroundIntoFrames(page)
        expect(await findBarriers(page)).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      }
      const open = async (path: string) => {
        await page.goto(demo.shopUrl + path)
        await examine()
      }
      for (const path of ['/', '/account', '/nowhere', '/checkout']) await open(path)
      await buy(page, { number: testCards.visaDeclined, code: '123' })
      await examine()
      await buy(page, { number: testCards.visa2, code: '123' })
      await page.getByRole('heading', { name: 'Thank you' }).waitFor()
      await examine()
      for (const path of ['/account', '/again']) await open(path)
    },
  )

  test.each(['en', 'de', 'es', 'fr', 'pt', 'ja'])(
    'fits a narrow screen and speaks the language of the customer: %s',
    async (locale) => {
      const page = await chromium.openPage({ locale, viewport: { width: 360, height: 640 } })
      for (const path of ['/', '/account', '/checkout']) {
        await page.goto(demo.shopUrl + path)
        expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale)
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
      }
      const fields = fieldsOf(page)
      await fields.getByRole('textbox').first().waitFor()
      expect(await fields.locator('html').getAttribute('lang')).toBe(locale)
    },
  )

  test('remembers a choice of language and colours, and comes back to the page', async () => {
    const page = await chromium.openPage()
    await page.goto(`${demo.shopUrl}/account`)
    await page.getByRole('link', { name: 'Deutsch' }).click()
    await page.getByRole('link', { name: 'Dunkel' }).click()
    expect(new URL(page.url()).pathname).toBe('/account')
    await page.getByRole('heading', { name: 'Ihr Konto' }).waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  })

  test('lets a page load what the vault serves and nothing else', async () => {
    const page = await fetch(`${demo.shopUrl}/checkout`)
    expect(page.headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'self' ${demo.vaultUrl}`,
      `frame-src ${demo.vaultUrl}`,
      `img-src 'self' ${demo.vaultUrl}`,
      "style-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
    expect(await page.text()).toMatch(/<script src="[^"]*\/elements\.js" integrity="sha384-[\w+/]{64}"/)
  })

  test('takes no form from another site', async () => {
    const answers = ['https://elsewhere.example', demo.shopUrl].map((origin) =>
      fetch(`${demo.shopUrl}/account/remove`, { method: 'POST', redirect: 'manual', headers: { origin } }),
    )
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([403, 303])
  })

  test('leads back to its own pages only', async () => {
    const elsewhere = ['https://elsewhere.example', '//elsewhere.example', '/\\elsewhere.example']
    const targets = ['/checkout', ...elsewhere, '/\t/elsewhere.example', '/\n/elsewhere.example', '/日本']
    const answers = await Promise.all(
      targets.map((back) =>
        fetch(`${demo.shopUrl}/preferences?${new URLSearchParams({ back })}`, { redirect: 'manual' }),
      ),
    )
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual([
      '/checkout',
      ...targets.slice(1).map(() => '/'),
    ])
  })
})

interface TypedCard {
  readonly number: string
  readonly code: string
}

const fieldsOf = (page: Page): FrameLocator => page.frameLocator('#field iframe')

const fillIn = async (page: Page, { number, code }: TypedCard): Promise<void> => {
  await page.getByLabel('Name on card').fill('Ada Lovelace')
  const fields = fieldsOf(page)
  await fields.getByLabel('Card number').fill(number)
  await fields.getByLabel('Expiry date').fill('12 / 30')
  await fields.getByLabel('Security code').fill(code)
}

const buy = async (page: Page, card: TypedCard): Promise<void> => {
  await fillIn(page, card)
  await Promise.all([
    page.waitForEvent('domcontentloaded'),
    page.getByRole('button', { name: /^Pay/ }).click(),
  ])
}

/** axe does not see through a frame, so what stands behind it is put into it. */
const putGroundIntoFrames = async (page: Page): Promise<void> => {
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  for (const frame of page.frames())
    await frame.evaluate((color) => {
      document.documentElement.style.backgroundColor = color
    }, ground)
}

const chapters = async (page: Page): Promise<readonly string[]> => {
  const titles = await page.locator('.chapter > summary').allInnerTexts()
  return titles.map((title) => title.replace(/\s+/g, ' '))
}

/** Runs in the page: whether a picture has come. */
const isDrawn = (picture: SVGElement | HTMLElement): boolean =>
  picture instanceof HTMLImageElement && picture.complete && picture.naturalWidth > 0

/** A card that the shop does not list among its test cards, with codes of four digits, which seldom occur by chance. */
const canary = { number: testCards.amex2, codes: ['7391', '2846'] } as const

const findCanary = (seen: readonly string[]): readonly string[] =>
  seen.flatMap((text) => [
    ...findHits(text.replaceAll('%20', ' '), { card: canary.number }).map(
      ({ form }) => `the number, ${form}`,
    ),
    ...canary.codes.filter((code) => holds(text, code)).map((code) => `the code ${code}`),
  ])

/** Ids and hashes are made by chance, and what looks like a code in them is none. */
const holds = (text: string, code: string): boolean =>
  new RegExp(`(?<!\\d)${code}(?!\\d)`).test(
    text.replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|L-[\dA-F]{8}|"sha384-[^"]*"|[\w-]{100,}/g, ''),
  )
