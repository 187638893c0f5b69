import { codeLengths, type Scheme } from '@cardkeep/core/cards/scheme'
import { XMLParser } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { readXml } from '../../http/xml-source.ts'
import { drawCard } from './card-art.ts'

const draw = (scheme: Scheme, length = 16) =>
  drawCard({ scheme, mask: { bin: '411111', last4: '1234', length } })

/** Every text of the picture in its order. */
const textsOf = (svg: string): string => {
  const parsed = new XMLParser({ preserveOrder: true, parseTagValue: false }).parse(svg) as object[]
  return [...JSON.stringify(parsed).matchAll(/"#text":"([^"]*)"/g)].map(([, text]) => text).join(' ')
}

test('a card is drawn with its scheme as a word and its last four digits, and nothing else of its number', () => {
  const svg = draw('visa')
  expect(textsOf(svg)).toBe('Visa card ending in 1234 1 2 3 4 Visa')
  expect(svg).not.toContain('4111')
  expect(textsOf(draw('unknown'))).toBe('Card ending in 1234 1 2 3 4')
})

test.each([13, 14, 15, 16, 17, 18, 19])(
  'a number of %i digits has a dot for each that is hidden, and stays on its card',
  (length) => {
    const svg = draw('amex', length)
    expect(svg.match(/<circle [^>]*r="5"/g)).toHaveLength(length - 4)
    const places = [...svg.matchAll(/(?:cx|x)="(\d+)" (?:cy="214"|y="224")/g)].map(([, x]) => Number(x))
    expect(places).toHaveLength(length)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places.at(-1)).toBeLessThan(510)
  },
)

test.each(Object.keys(codeLengths) as Scheme[])(
  'the card of %s is one document that runs nothing, loads nothing and needs no style',
  (scheme) => {
    const svg = draw(scheme)
    expect(readXml(svg).ok).toBe(true)
    expect(svg).not.toMatch(
      /<(?:script|style|image|use|foreignObject|a)\b|href|\bon\w+=|\bstyle=|@import|url\((?!#)/,
    )
  },
)
