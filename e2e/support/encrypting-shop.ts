import digests from '@cardkeep/elements/dist/sri.json' with { type: 'json' }
import type { Page } from 'playwright-core'
import type { Site } from './site.ts'

/** How a shop's page comes to the function. */
export type Way = 'script' | 'module' | 'script under its vendor’s name'

export interface EncryptingShop {
  readonly url: string
  /** What its server was sent, each as the page wrote it. */
  readonly paid: () => readonly Paid[]
}

export interface Paid {
  readonly encryptedCard?: string
  readonly details?: Readonly<Record<string, unknown>>
  /** Of an error, as the page caught it. */
  readonly failure?: string
  /** From the call to the ciphertext. */
  readonly ms: number
}

/**
 * A checkout whose own page has the fields, encrypts what is in them and gives its server the ciphertext. Its policy lets in
 * its own scripts and those of the vault, and nothing else.
 */
export const putEncryptingShop = (
  site: Site,
  vaultOrigin: string,
  publicKey: string,
  { way = 'script', policy = '' }: { readonly way?: Way; readonly policy?: string } = {},
): EncryptingShop => {
  const name = `/checkout-${++opened}`
  site.put('/favicon.ico', { body: '', type: 'image/x-icon' })
  site.put(`${name}/pay`, { body: '{}', type: 'application/json' })
  site.put(`${name}/pay.js`, { body: pay(way, name, vaultOrigin, publicKey), type: 'text/javascript' })
  const vaultScript = `<script src="${vaultOrigin}/elements/v1/encrypt-card.js"
  integrity="${digests['encrypt-card.js']}" crossorigin="anonymous"></script>`
  const url = site.put(name, {
    headers: {
      'content-security-policy':
        `default-src 'none'; script-src 'self' ${vaultOrigin}; connect-src 'self'; form-action 'none'; ` +
        `base-uri 'none'; ${policy}`,
    },
    body: `<!doctype html>
<html lang="en">
<title>Checkout</title>
${way === 'module' ? '' : vaultScript}
<script src="${name}/pay.js" type="module"></script>
<form id="checkout">
  <label>Card number <input name="cardNumber"></label>
  <label>Name <input name="cardholderName"></label>
  <label>Month <input name="expiryMonth"></label>
  <label>Year <input name="expiryYear"></label>
  <label>Code <input name="cvv"></label>
  <button>Pay</button>
</form>
<p role="status"></p>
</html>`,
  })
  return {
    url,
    paid: () =>
      site.requests.filter(({ path }) => path === `${name}/pay`).map(({ body }) => JSON.parse(body) as Paid),
  }
}

/** Each has pages of its own, so that no test sees what another was paid. */
let opened = 0

const pay = (way: Way, name: string, vaultOrigin: string, publicKey: string): string => `
${starts[way](vaultOrigin)}
const status = document.querySelector('[role=status]')
checkout.addEventListener('submit', async (event) => {
  event.preventDefault()
  const card = Object.fromEntries(new FormData(checkout))
  const since = performance.now()
  const publicKey = ${JSON.stringify(publicKey)}
  const paid = await use.encryptCard(card, publicKey).then(
    (encryptedCard) => ({ encryptedCard }),
    (error) => ({ failure: error.name + ': ' + error.message }),
  )
  const ms = performance.now() - since
  const details = paid.failure ? undefined : await use.getEncryptedCardDetails(card, publicKey)
  await fetch('${name}/pay', { method: 'POST', body: JSON.stringify({ ...paid, details, ms }) })
  status.textContent = 'Paid ' + (Number(status.textContent.slice(5)) + 1)
})
status.textContent = 'Paid 0'
`

const starts: Readonly<Record<Way, (vaultOrigin: string) => string>> = {
  script: () => 'const use = window.cardkeep',
  module: (vaultOrigin) => `import * as use from '${vaultOrigin}/elements/v1/encrypt-card.mjs'`,
  'script under its vendor’s name': () => 'window.verifone = window.cardkeep\nconst use = verifone',
}

export interface TypedCard {
  readonly number: string
  readonly name?: string
  readonly month: string
  readonly year: string
  readonly code: string
}

/** Types a card into the page's own fields. */
export const typeInto = async (
  page: Page,
  { number, name = '', month, year, code }: TypedCard,
): Promise<void> => {
  for (const [label, text] of Object.entries({
    'Card number': number,
    Name: name,
    Month: month,
    Year: year,
    Code: code,
  }))
    await page.getByLabel(label, { exact: true }).fill(text)
}

/** Presses the button, and resolves when the shop's server has its answer. */
export const pressPay = async (page: Page): Promise<void> => {
  const status = page.getByRole('status')
  const before = Number((await status.textContent())?.slice('Paid '.length))
  await page.getByRole('button', { name: 'Pay' }).click()
  await status.getByText(`Paid ${before + 1}`, { exact: true }).waitFor()
}
