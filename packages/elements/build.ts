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
  ])
  const digests = Object.fromEntries([...scripts].map(([name, text]) => [name, digestOf(text)]))
  return new Map([
    ...scripts,
    ['elements.d.ts', declarations()],
    ['sri.json', `${JSON.stringify(digests, undefined, 2)}\n`],
  ])
}

const bundle = async (entry: string, format: 'iife' | 'es'): Promise<string> => {
  const build = await rolldown({
    input: join(folder, 'src', entry),
    platform: 'browser',
    moduleTypes: { '.css': 'text' },
    treeshake: true,
    transform: { target: 'es2022' },
  })
  const { output } = await build.generate({ format, minify: true, name: 'Cardkeep', banner })
  await build.close()
  return `${output[0].code.trim()}\n`
}

const banner = '/*! Cardkeep elements, Apache-2.0 */'

/** As integrity attributes spell it. */
const digestOf = (text: string): string => `sha384-${createHash('sha384').update(text).digest('base64')}`

const declarations = (): string =>
  [
    readFileSync(join(folder, 'src/protocol/public.ts'), 'utf8').trim(),
    '',
    'export declare const createElements: CreateElements',
    '',
    '/** What the script tag makes. */',
    'export as namespace Cardkeep',
    '',
  ].join('\n')

if (import.meta.main) {
  mkdirSync(outputFolder, { recursive: true })
  for (const [name, text] of await buildElements()) writeFileSync(join(outputFolder, name), text)
}
