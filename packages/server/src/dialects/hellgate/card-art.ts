import type { Scheme } from '@cardkeep/core/cards/scheme'
import type { CardToken } from '@cardkeep/core/tokens/token'

/**
 * A picture of a card, as SVG: its scheme as a word, its last four digits, and a dot for each other one. Nothing in it is
 * anybody's logo. Attributes say how it looks, so that a content security policy need allow no style and no script.
 * wire: hellgate §card art, inferred: what it shows.
 */
export const drawCard = ({ scheme, mask }: Pick<CardToken, 'scheme' | 'mask'>): string => {
  const { name, from, to } = faces[scheme]
  const title = `${name === '' ? 'Card' : `${name} card`} ending in ${mask.last4}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 540 340" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<defs>
<linearGradient id="face" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>
<linearGradient id="chip" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f3e3b3"/><stop offset="1" stop-color="#c8a963"/></linearGradient>
<clipPath id="edge"><rect width="540" height="340" rx="24"/></clipPath>
</defs>
<g clip-path="url(#edge)">
<rect width="540" height="340" fill="url(#face)"/>
<circle cx="452" cy="-12" r="210" fill="#fff" fill-opacity=".06"/>
<circle cx="540" cy="150" r="210" fill="#fff" fill-opacity=".05"/>
<circle cx="40" cy="392" r="190" fill="#000" fill-opacity=".07"/>
</g>
<rect x=".75" y=".75" width="538.5" height="338.5" rx="23.25" fill="none" stroke="#fff" stroke-opacity=".16" stroke-width="1.5"/>
${chip}
${waves}
<g fill="#fff">
${drawNumber(mask)}
${label(name)}
</g>
</svg>
`
}

const mono = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'
const sans = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif'

const chip = `<g transform="translate(40 88)">
<rect width="62" height="46" rx="8" fill="url(#chip)"/>
<path d="M0 16h20v14H0M62 16H42v14h20M20 16V8a8 8 0 0 1 8-8M42 16V8a8 8 0 0 0-8-8M20 30v8a8 8 0 0 0 8 8M42 30v8a8 8 0 0 1-8 8" fill="none" stroke="#7d6428" stroke-opacity=".55" stroke-width="1.5"/>
</g>`

const waves = `<g transform="translate(122 111)" fill="none" stroke="#fff" stroke-opacity=".8" stroke-width="3" stroke-linecap="round">
<path d="M0-7a14 14 0 0 1 0 14M8-13a25 25 0 0 1 0 26M16-19a36 36 0 0 1 0 38"/>
</g>`

const cell = 20
const gap = 20
const left = 40

/** A digit stands in the middle of its cell. The last four stand apart, and the others in groups of four or a little more. */
const drawNumber = ({ last4, length }: CardToken['mask']): string => {
  const hidden = length - last4.length
  const lastGroup = Math.floor(hidden / 4)
  return Array.from({ length }, (_, at) => {
    const group = at < hidden ? Math.min(Math.floor(at / 4), lastGroup - 1) : lastGroup
    const x = left + cell / 2 + at * cell + group * gap
    return at < hidden ? dot(x) : digit(x, last4.charAt(at - hidden))
  }).join('\n')
}

const dot = (x: number): string => `<circle cx="${x}" cy="214" r="5" fill-opacity=".85"/>`

const digit = (x: number, text: string): string =>
  `<text x="${x}" y="224" font-family="${mono}" font-size="30" font-weight="600" text-anchor="middle">${escape(text)}</text>`

const label = (name: string): string =>
  name === ''
    ? ''
    : `<text x="500" y="300" font-family="${sans}" font-size="28" font-weight="700" letter-spacing=".5" text-anchor="end">${escape(name)}</text>`

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? '')

interface Face {
  readonly name: string
  readonly from: string
  readonly to: string
}

const face = (name: string, from: string, to: string): Face => ({ name, from, to })

/** Dark enough for white letters, and calm; the colours are nobody's. */
const faces: Readonly<Record<Scheme, Face>> = {
  visa: face('Visa', '#27407f', '#131f45'),
  mastercard: face('Mastercard', '#3b3640', '#17151a'),
  amex: face('American Express', '#2b7286', '#123a48'),
  discover: face('Discover', '#7d4a2b', '#3a2014'),
  diners: face('Diners Club', '#4a5a6c', '#222b36'),
  jcb: face('JCB', '#2c6a50', '#123427'),
  unionpay: face('UnionPay', '#72303d', '#34131c'),
  maestro: face('Maestro', '#32507f', '#16233d'),
  elo: face('Elo', '#44444c', '#1b1b20'),
  hipercard: face('Hipercard', '#7a2f38', '#391318'),
  mir: face('Mir', '#2a6b5d', '#11332c'),
  rupay: face('RuPay', '#3c4f86', '#1b2443'),
  troy: face('Troy', '#2c6570', '#123137'),
  verve: face('Verve', '#4d3a72', '#231a38'),
  unknown: face('', '#4b5563', '#1f2733'),
}
