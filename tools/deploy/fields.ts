import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../finding.ts'
import { type Manifest, readManifests } from './read-manifests.ts'

/**
 * Holds manifests against the types of the Kubernetes API: the names of fields above all, which the API server is lenient
 * about and a typing error turns into a rule that does not hold. The compiler finds what is not of a type.
 */
export const checkFields = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const manifests = readManifests(texts).filter(({ kind }) => kind !== 'Kustomization')
  const folder = mkdtempSync(join(tmpdir(), 'cardkeep-manifests-'))
  try {
    const sources = manifests.map((manifest, at) => {
      const source = join(folder, `manifest-${at}.ts`)
      writeFileSync(source, spell(manifest))
      return source
    })
    const { stdout, error } = spawnSync('tsc', [...options, ...sources], { encoding: 'utf8' })
    // Precondition: a compiler that did not run has found nothing.
    if (error) throw error
    return readComplaints(stdout, manifests)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const options = [
  ...['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--pretty', 'false'],
  ...['--target', 'esnext', '--module', 'nodenext', '--types', ''],
]

/** Types of the API, in a folder for each of its groups. */
const models = dirname(fileURLToPath(import.meta.resolve('kubernetes-models')))

/** A field a line, so that the line of a complaint names the field. */
const spell = (manifest: Manifest): string => {
  const module = join(models, manifest.apiVersion, `${manifest.kind}.js`)
  return `import type { I${manifest.kind} } from ${JSON.stringify(module)}
export const manifest: I${manifest.kind} = ${JSON.stringify({ ...manifest, file: undefined }, undefined, 1)}
`
}

const readComplaints = (output: string, manifests: readonly Manifest[]): readonly Finding[] =>
  output
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => {
      const [, at = '', wrong = line] = /manifest-(\d+)\.ts\(.*?\): error TS\d+: (.*)$/.exec(line) ?? []
      const manifest = manifests[Number(at)]
      return {
        file: manifest?.file ?? 'deploy/kubernetes',
        line: 0,
        wrong: `${manifest?.kind ?? ''} ${manifest?.metadata?.name ?? ''}: ${wrong}`,
        instead: 'See the reference of the Kubernetes API.',
      }
    })
