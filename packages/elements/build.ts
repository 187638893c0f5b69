import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/*
 * Makes what is served and published: the page's half as a script and as a module, with its types, and the frame's half
 * as one script. The same sources give the same bytes; `npm run elements` holds the committed ones against them.
 */

const folder = import.meta.dirname
export const outputFolder = join(folder, 'dist')

/** Every file by its name. */
export const buildElements = async (): Promise<ReadonlyMap<string, string>> => {
  const scripts = new Map([
    ['elements.js', await bundle('host/main.ts', 'iife')],
    ['elements.mjs', await bundle('host/main.ts', 'es')],
    ['frame.js', await bundle('frame/main.ts', 'iife')],
    ['vendor.js', await bundle('vendor/main.ts', 'iife')],
    ['encrypt-card.js', await bundle('encrypt-card/entries/script.ts', 'iife', 'cardkeep')],
    ['encrypt-card.mjs', await bundle('encrypt-card/entries/module.ts', 'es')],
  ])
  const digests = [...scripts, [libraryFile.name, library()] as const].map(([name, text]) => [
    name,
    digestOf(text),
  ])
  return new Map([
    ...scripts,
    ['encrypt-card.package.mjs', await bundle('encrypt-card/entries/package.ts', 'es')],
    ['elements.d.ts', elementsTypes()],
    ['encrypt-card.d.ts', encryptCardTypes()],
    ['sri.json', `${JSON.stringify(Object.fromEntries(digests), undefined, 2)}\n`],
  ])
}

/** Served beside the script that loads it, as its makers published it; so it is in nothing that is built here. */
const libraryFile = {
  name: 'openpgp.mjs',
  // Of its builds for browsers the one that leaves out what keys on NIST curves have no use for.
  url: new URL('../lightweight/openpgp.min.mjs', import.meta.resolve('openpgp')),
} as const

const library = (): string => readFileSync(libraryFile.url, 'utf8')

const bundle = async (entry: string, format: 'iife' | 'es', name = 'Cardkeep'): Promise<string> => {
  const digest = digestOf(library())
  const build = await rolldown({
    input: join(folder, 'src', entry),
    platform: 'browser',
    moduleTypes: { '.css': 'text' },
    external: ['openpgp'],
    treeshake: true,
    transform: {
      target: 'es2022',
      define: {
        __OPENPGP_DIGEST__: JSON.stringify(digest),
        __OPENPGP_MARK__: JSON.stringify(markOf(digest)),
      },
    },
  })
  const { output } = await build.generate({ format, minify: true, name, banner })
  await build.close()
  return `${output[0].code.trim()}\n`
}

const banner = '/*! Cardkeep elements, Apache-2.0 */'

/** As integrity attributes spell it. */
const digestOf = (text: string): string => `sha384-${createHash('sha384').update(text).digest('base64')}`

/** As the vault has it in the address of a file that browsers may keep. */
const markOf = (digest: string): string =>
  Buffer.from(digest.slice('sha384-'.length), 'base64').toString('base64url').slice(0, 16)

const elementsTypes = (): string =>
  [
    readFileSync(join(folder, 'src/protocol/public.ts'), 'utf8').trim(),
    '',
    'export declare const createElements: CreateElements',
    '',
    '/** What the script tag makes. */',
    'export as namespace Cardkeep',
    '',
  ].join('\n')

const encryptCardTypes = (): string =>
  [
    readFileSync(join(folder, 'src/encrypt-card/public.ts'), 'utf8').trim(),
    '',
    'export declare const encryptCard: EncryptCard',
    'export declare const getEncryptedCardDetails: GetEncryptedCardDetails',
    '',
    '/** What the script tag makes. */',
    'export as namespace cardkeep',
    '',
  ].join('\n')

if (import.meta.main) {
  mkdirSync(outputFolder, { recursive: true })
  for (const [name, text] of await buildElements()) writeFileSync(join(outputFolder, name), text)
}
