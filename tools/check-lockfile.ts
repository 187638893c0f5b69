import { type Finding, lineAt } from './finding.ts'

const file = 'package-lock.json'

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * Every optional dependency of a locked package is locked too. `npm install` leaves out those that its registry did
 * not have, without a word, and then `npm ci` refuses the file on every machine.
 */
export const checkLockfile = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const text = texts.get(file)
  if (text === undefined) return []
  const { packages = {} } = JSON.parse(text) as { readonly packages?: Readonly<Record<string, Locked>> }
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !placesFor(name, path).some((place) => Object.hasOwn(packages, place)))
      .map(([name, version]) => ({
        file,
        line: lineAt(text, text.indexOf(`"${path}": {`)),
        wrong: `does not lock ${name} ${version}, which ${path === '' ? 'the project' : path} may install`,
        instead: 'Run npm install where the registry has the packages of every platform.',
      })),
  )
}

/** Where Node would look for a package from there: in each `node_modules` on the way up. */
const placesFor = (name: string, path: string): readonly string[] => {
  const steps = path === '' ? [] : path.split('/node_modules/')
  const folders = steps.map((_, index) => steps.slice(0, index + 1).join('/node_modules/'))
  return [`node_modules/${name}`, ...folders.map((folder) => `${folder}/node_modules/${name}`)]
}
