import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ok } from '@cardkeep/core/kernel/result'
import type { Page, PageInput } from '../http/page.ts'
import type { Reply } from '../http/route.ts'

/** A file of the elements as it is served. */
export interface ElementsFile {
  readonly text: string
  readonly contentType: string
  /** For integrity attributes. */
  readonly digest: string
  /** Goes with its address, so that a cache never takes one build for another. */
  readonly mark: string
}

export type FileName = keyof typeof contentTypes

const contentTypes = {
  'elements.js': 'text/javascript; charset=utf-8',
  'elements.mjs': 'text/javascript; charset=utf-8',
  'frame.js': 'text/javascript; charset=utf-8',
  'vendor.js': 'text/javascript; charset=utf-8',
  'encrypt-card.js': 'text/javascript; charset=utf-8',
  'encrypt-card.mjs': 'text/javascript; charset=utf-8',
  'openpgp.mjs': 'text/javascript; charset=utf-8',
  'sri.json': 'application/json; charset=utf-8',
} as const

export const fileNames = Object.keys(contentTypes) as FileName[]

/** As the build has left it; reads from the disk. */
export const readElementsFile = (name: FileName): ElementsFile => {
  const text = readFileSync(name === 'openpgp.mjs' ? library : new URL(name, folder), 'utf8')
  const sum = createHash('sha384').update(text).digest()
  return {
    text,
    contentType: contentTypes[name],
    digest: `sha384-${sum.toString('base64')}`,
    mark: sum.toString('base64url').slice(0, 16),
  }
}

const folder = new URL('.', import.meta.resolve('@cardkeep/elements/dist/sri.json'))

/** A library that `encrypt-card` loads when it is first used. It goes out as its makers published it (LGPL), and apart. */
const library = new URL('../lightweight/openpgp.min.mjs', import.meta.resolve('openpgp'))

/** Pages of any origin may load it, and check its digest. */
export const filePage = (name: FileName, file: ElementsFile): Page => ({
  path: `/elements/v1/${name}`,
  answer: async (_visitor, input) => ok(replyWith(file, input)),
})

const replyWith = ({ text, contentType, mark }: ElementsFile, { headers, query }: PageInput): Reply => {
  const etag = `"${mark}"`
  const always = {
    etag,
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    // Without the mark of its bytes it is asked for anew each time: an older copy would not have the published digest.
    'cache-control': query['h'] === mark ? 'public, max-age=31536000, immutable' : 'public, no-cache',
  }
  return headers['if-none-match'] === etag
    ? { status: 304, headers: always, body: undefined }
    : { status: 200, headers: always, body: text, contentType }
}
