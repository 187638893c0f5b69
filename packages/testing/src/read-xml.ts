import { XMLParser } from 'fast-xml-parser'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  alwaysCreateTextNode: true,
})

/**
 * What another program makes of a document: an object for each element, its attributes behind `@`, its text with its CDATA
 * sections under `#text`. It overlooks some of what is not well-formed.
 */
export const readXmlBack = (body: string): unknown => {
  const read: unknown = parser.parse(body)
  return read
}
