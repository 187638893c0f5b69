import { html, type Insert, type Markup } from '../html.ts'
import { languages } from '../texts/texts.ts'
import type { Page, View } from '../view.ts'
import { showHappened } from './happened.ts'

/** A whole document around what a page has to say. */
export const layOut = (page: Page, view: View): Markup => html`<!doctype html>
<html lang="${view.language}" data-theme="${view.theme}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${page.title} · Lampyris</title>
    <link rel="icon" href="/favicon.svg">
    <link rel="stylesheet" href="/style.css">
    ${page.pays ? paymentScripts(view) : undefined}
  </head>
  <body>
    <a class="skip" href="#main">${view.texts.skip}</a>
    <div class="shop">
      ${topBar(view)}
      ${header(view)}
      <main id="main" tabindex="-1">${page.main}</main>
    </div>
    ${showHappened(view.customer.journal.chapters())}
  </body>
</html>
`

/** The first is the only one of another origin; its hash is the one that the vault publishes. */
const paymentScripts = ({ elements }: View): Markup => html`
    <script src="${elements.scriptUrl}" integrity="${elements.integrity}" crossorigin="anonymous" defer></script>
    <script type="module" src="/pay.js"></script>
    <script type="module" src="/copy.js"></script>`

const topBar = (view: View): Markup => {
  const { navigation, notice } = view.texts
  return html`
      <div class="top-bar">
        <p>${notice}</p>
        <nav aria-label="${navigation.languages}">
          ${Object.entries(languages).map(([code, { language }]) =>
            choice(
              view,
              { lang: code },
              html`<span lang="${code}">${language}</span>`,
              code === view.language,
            ),
          )}
        </nav>
        <nav aria-label="${navigation.appearance}">
          ${choice(view, { theme: 'light' }, navigation.light, view.theme === 'light')}
          ${choice(view, { theme: 'dark' }, navigation.dark, view.theme === 'dark')}
        </nav>
      </div>`
}

const choice = (
  { path }: View,
  preference: Readonly<Record<string, string>>,
  label: Insert,
  isChosen: boolean,
): Markup => {
  const query = new URLSearchParams({ ...preference, back: path }).toString()
  return html`<a href="/preferences?${query}"${isChosen ? html` aria-current="true"` : undefined}>${label}</a>`
}

const header = ({ texts, path }: View): Markup => html`
      <header>
        <a class="logo" href="/">${mark}<span>Lampyris</span></a>
        <nav aria-label="${texts.navigation.label}">
          <a href="/account"${path === '/account' ? html` aria-current="page"` : undefined}>${texts.navigation.account}</a>
        </nav>
      </header>`

/** A firefly, more or less. */
const mark = html`<svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" class="mark">
  <circle cx="12" cy="14.5" r="9" class="mark-glow"/>
  <circle cx="12" cy="14.5" r="4.5" class="mark-light"/>
  <path d="M11 9.5 8 4.5M13 9.5l3-5" class="mark-line"/>
</svg>`
