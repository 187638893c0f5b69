import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { XmlPiece, XmlSource } from '@cardkeep/core/templates/xml'
import { SaxesParser } from 'saxes'

/** As for JSON. */
const maxDepth = 64
const maxPieces = 20_000

/**
 * A well-formed document as the core's templates want it. Tags are written anew from their names, so that nothing of the
 * text that came is taken over unread. Refused are a document type, because it can declare entities and defaults, any entity
 * beside the five of XML itself and numbers, XML 1.1, and a declared encoding other than UTF-8.
 */
export const readXml = (text: string): Result<XmlSource, Refusal> => {
  try {
    return ok({ type: 'xml', pieces: cut(text) })
  } catch {
    // The parser's message quotes what it read, which may be a card.
    return refuse({ type: 'BodyNotReadable' })
  }
}

const cut = (text: string): readonly XmlPiece[] => {
  const pieces: XmlPiece[] = []
  const add = (type: XmlPiece['type'], piece: string): void => {
    if (pieces.push({ type, text: piece }) > maxPieces) throw new Error('too many pieces')
  }
  let depth = 0
  const parser = new SaxesParser({ xmlns: false, forceXMLVersion: true, defaultXMLVersion: '1.0' })
  // Without a handler of errors the parser throws the first.
  parser.on('xmldecl', ({ version, encoding, standalone }) => {
    if (version !== '1.0' || (encoding ?? 'utf-8').toLowerCase() !== 'utf-8')
      throw new Error('not as declared')
    add('aside', `<?xml version="1.0" encoding="UTF-8"${standalone ? ` standalone="${standalone}"` : ''}?>`)
  })
  parser.on('doctype', () => {
    throw new Error('a document type')
  })
  parser.on('processinginstruction', ({ target, body }) => add('aside', `<?${target}${body && ` ${body}`}?>`))
  parser.on('comment', (comment) => add('aside', `<!--${comment}-->`))
  parser.on('opentag', ({ name, attributes, isSelfClosing }) => {
    if (++depth > maxDepth) throw new Error('too deep')
    let before = `<${name}`
    for (const [key, value] of Object.entries(attributes)) {
      add('tag', `${before} ${key}="`)
      add('attribute', value)
      before = '"'
    }
    add('tag', `${before}${isSelfClosing ? '/>' : '>'}`)
  })
  parser.on('closetag', ({ name, isSelfClosing }) => {
    depth--
    if (!isSelfClosing) add('tag', `</${name}>`)
  })
  parser.on('text', (characters) => add('text', characters))
  parser.on('cdata', (characters) => add('cdata', characters))
  parser.write(text).close()
  return pieces
}
