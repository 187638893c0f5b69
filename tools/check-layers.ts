import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { listFiles } from './files.ts'
import { type Finding, lineAt, report } from './finding.ts'
import { type Layer, layers } from './layers.ts'
import { type Reach, reaches, type Seat, seats } from './seats.ts'
import { blank, findImports, type Import } from './source.ts'

export interface Table {
  readonly layers: readonly Layer[]
  readonly seats: readonly Seat[]
  readonly reaches: readonly Reach[]
}

/** Holds every source that ships against the table; tests may reach for anything, because they do not ship. */
export const checkLayers = (root: string, table: Table = { layers, seats, reaches }): readonly Finding[] =>
  listFiles(root)
    .filter((file) => shipped.test(file) && !testFile.test(file))
    .flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8'), table))

const shipped = /^packages\/[^/]+\/(?:src|bin)\/.*\.[cm]?[jt]s$/
const testFile = /\.test\.ts$/

interface Place {
  readonly layer: Layer
  /** Distinguishes the folders of a layer whose folders are apart. */
  readonly part: string
}

const checkFile = (file: string, source: string, table: Table): readonly Finding[] => {
  const place = placeOf(file, table)
  if (!place)
    return [
      {
        file,
        line: 0,
        wrong: 'belongs to no layer',
        instead: 'Move it into the layer whose work it does, or give it a row in tools/layers.ts.',
      },
    ]
  if (place.layer.uses === 'anything') return []
  const imported = findImports(source).flatMap((found) => {
    const judged = judgeImport(file, place, found, table)
    return judged ? [{ file, line: found.line, ...judged }] : []
  })
  return [...imported, ...findReaches(file, source, table)]
}

type Judgement = Pick<Finding, 'wrong' | 'instead'>

const judgeImport = (file: string, from: Place, found: Import, table: Table): Judgement | undefined => {
  const { specifier } = found
  if (specifier === undefined && file === from.layer.loader) return undefined
  if (specifier === undefined)
    return {
      wrong: 'imports by a computed name, which cannot be checked',
      instead: 'Write the name out; choose between modules with a table of imports.',
    }
  const target = resolveOwn(file, specifier)
  if (target === undefined) return judgeModule(file, from, specifier, found.names, table)
  const to = placeOf(target, table)
  if (!to) return shipped.test(target) || target.endsWith('/package.json') ? undefined : outside(specifier)
  if (to.part === from.part || mayUse(from, to)) return undefined
  return {
    wrong: `${from.layer.name} uses ${to.layer.name} (${specifier})`,
    instead: to.layer.instead,
  }
}

const outside = (specifier: string): Judgement => ({
  wrong: `uses ${specifier}, which belongs to no layer`,
  instead: 'What ships uses only what ships; move it into the layer whose work it does.',
})

const mayUse = (from: Place, to: Place): boolean =>
  from.layer.uses === 'anything' || from.layer.uses.includes(to.layer.name)

const judgeModule = (
  file: string,
  { layer }: Place,
  specifier: string,
  names: Import['names'],
  { seats }: Table,
): Judgement | undefined => {
  const builtin = isBuiltin(specifier)
  if (layer.uses.length === 0)
    return {
      wrong: `${layer.name} uses ${specifier}`,
      instead: `${layer.name} has no dependencies and no I/O; add an interface to ports.ts and implement it in server.`,
    }
  const module = builtin ? nodeModule(specifier) : packageOf(specifier)
  const seat = seats.find((row) => row.module === module)
  if (!seat)
    return builtin
      ? undefined
      : {
          wrong: `uses ${module}, a package without a seat`,
          instead: 'Say in tools/seats.ts which folder uses it, so that it can be replaced there.',
        }
  if (isIn(file, seat.only)) return undefined
  if (names && seat.free && names.every((name) => seat.free?.includes(name))) return undefined
  return { wrong: `uses ${specifier}`, instead: seat.instead }
}

const findReaches = (file: string, source: string, { reaches }: Table): readonly Finding[] => {
  const code = blank(source)
  return reaches
    .filter(({ only }) => !isIn(file, only))
    .flatMap(({ what, form, instead }) =>
      [...code.matchAll(form)].map(({ index }) => ({
        file,
        line: lineAt(code, index),
        wrong: what,
        instead,
      })),
    )
}

/** The path of one of our own files, or `undefined` for a module of Node or a package. */
const resolveOwn = (file: string, specifier: string): string | undefined => {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier)
  const own = specifier.match(/^@cardkeep\/([^/]+)\/(.+)$/)
  return own ? `packages/${own[1]}/src/${own[2]}.ts` : undefined
}

const placeOf = (file: string, { layers }: Table): Place | undefined => {
  const holding = layers.filter(({ at }) => isIn(file, [at]))
  const layer = holding.toSorted((a, b) => b.at.length - a.at.length)[0]
  if (!layer) return undefined
  const folder = file.slice(layer.at.length).split('/')[0]
  return { layer, part: layer.apart ? `${layer.name}/${folder}` : layer.name }
}

const isIn = (file: string, places: readonly string[]): boolean =>
  places.some((at) => (at.endsWith('/') ? file.startsWith(at) : file === at))

/** `node:dns` for `dns`, `node:dns` and `node:dns/promises`. */
const nodeModule = (specifier: string): string => `node:${specifier.replace(/^node:/, '').split('/')[0]}`

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

if (import.meta.main) report('layers', checkLayers(join(import.meta.dirname, '..')))
