import { html, type Markup } from '../html.ts'
import type { Chapter, Exchange } from '../journal.ts'
import { drawWays } from './ways.ts'

/** For whoever wants to know: the calls behind the pages, and who saw what. It speaks English in every language. */
export const showHappened = (chapters: readonly Chapter[]): Markup => html`
    <aside class="happened" lang="en" aria-labelledby="happened-title">
      <h2 id="happened-title">What happened</h2>
      ${chapters.length === 0 ? nothingYet : chapters.map((chapter, at) => showChapter(chapter, at <= lastOpen(chapters)))}
    </aside>`

const nothingYet = html`
      <p>Nothing yet. Buy the lamp: every call that the shop makes will stand here, with what it sent and what it saw.</p>
      ${drawWays()}
      <p>Card and code take the amber way. The shop is not on it.</p>`

/** A payment that has just begun tells little, so the one before stays open beside it. */
const lastOpen = ([newest]: readonly Chapter[]): number => (newest?.exchanges.length === 1 ? 1 : 0)

const showChapter = (chapter: Chapter, isOpen: boolean): Markup => {
  const verdict = chapter.exchanges.find(({ to }) => to === 'provider')
  return html`
      <details class="chapter"${isOpen ? html` open` : undefined}>
        <summary>${chapter.title}${verdict && showVerdict(verdict)}</summary>
        ${verdict && whoSawWhat(chapter)}
        <ol>${chapter.exchanges.map(showExchange)}</ol>
      </details>`
}

const showVerdict = ({ status }: Exchange): Markup =>
  status === 200
    ? html` <span class="status good">approved</span>`
    : html` <span class="status bad">declined</span>`

const whoSawWhat = ({ exchanges }: Chapter): Markup => html`
        <table>
          <caption class="unseen">Who saw the card</caption>
          <thead><tr><td></td><th scope="col">Number</th><th scope="col">Code</th></tr></thead>
          <tbody>
            <tr><th scope="row">Shop’s page</th><td class="good">never</td><td class="good">never</td></tr>
            <tr><th scope="row">Shop’s server</th><td class="good">a mask</td><td class="good">never</td></tr>
            <tr><th scope="row">Vault</th><td>${exchanges.some(({ request }) => request.startsWith('DELETE')) ? 'deleted' : 'kept, sealed'}</td><td>gone when sent</td></tr>
            <tr><th scope="row">Provider</th><td>received</td><td>received</td></tr>
          </tbody>
        </table>`

const showExchange = (exchange: Exchange): Markup => {
  const { from, to, purpose, request, headers, sent, status, received, tookMs } = exchange
  return html`
          <li class="from-${from}">
            <p class="way"><span>${actors[from]} → ${actors[to]}</span>${status && showStatus(status, tookMs)}</p>
            <p class="request"><code>${shortenIds(request)}</code></p>
            <p>${purpose}</p>
            ${headers && showText('Headers', spellHeaders(headers), true)}
            ${sent === undefined ? undefined : showText(from === 'vault' ? 'Received' : 'Sent', spellJson(sent), true)}
            ${received === undefined ? undefined : showText('Answer', spellJson(received), false)}
          </li>`
}

const actors = { shop: 'Shop', frame: 'Vault’s frame', vault: 'Vault', provider: 'Provider' } as const

const showStatus = (status: number, tookMs: number | undefined): Markup =>
  html`<span class="status ${status < 400 ? 'good' : 'bad'}">${status}${tookMs && ` · ${Math.round(tookMs)} ms`}</span>`

const showText = (label: string, text: string, isOpen: boolean): Markup => html`
            <details class="text"${isOpen ? html` open` : undefined}><summary>${label}</summary><pre>${mark(text)}</pre></details>`

/** Placeholders and what came in their places stand out. */
const mark = (text: string): readonly Markup[] =>
  text
    .split(/("(?:\{\{.*?\}\}|[^"]*(?:•{3}|\*{3})[^"]*)")/)
    .map((part, at) => (at % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`))

const spellHeaders = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')

const spellJson = (value: unknown): string => JSON.stringify(value, undefined, 2)

/** A token or a session is known by its first digits here; the whole of it fills a line and tells nothing. */
const shortenIds = (request: string): string => request.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, '$1…')
