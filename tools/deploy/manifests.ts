import type { Finding } from '../finding.ts'
import { checkPod, type Pod } from './pods.ts'
import { isMatched, type Manifest, readManifests } from './read-manifests.ts'

const folder = 'deploy/kubernetes/'
const examples = `${folder}secrets.example.yaml`

/** The manifests fit together and to the program; their fields are checked by `checkFields`. */
export const checkManifests = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const manifests = readManifests(texts)
  const pods = manifests.filter(isPodded)
  const settings = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {}
  return [
    ...checkListed(texts, manifests),
    ...manifests.flatMap((one) => checkSelector(one, pods)),
    ...manifests.filter(({ kind }) => kind === 'Secret').flatMap(checkEmpty),
    ...pods.flatMap((one) =>
      checkPod({ manifest: one, pod: podOf(one), settings, secrets: namedSecrets(manifests) }),
    ),
  ]
}

const isPodded = ({ spec }: Manifest): boolean => spec?.template !== undefined

const podOf = ({ spec }: Manifest): Pod => spec?.template?.spec as Pod

const found = (file: string, wrong: string, instead: string): Finding => ({ file, line: 0, wrong, instead })

const checkListed = (
  texts: ReadonlyMap<string, string>,
  manifests: readonly Manifest[],
): readonly Finding[] => {
  const list = manifests.find(({ kind }) => kind === 'Kustomization')?.resources ?? []
  const files = [...texts.keys()].filter(
    (file) => file.startsWith(folder) && file !== examples && !file.endsWith('kustomization.yaml'),
  )
  const listed = list.map((name) => folder + name)
  return [...files, ...listed]
    .filter((file) => !files.includes(file) || !listed.includes(file))
    .map((file) =>
      found(
        `${folder}kustomization.yaml`,
        `does not list what is there: ${file}`,
        'List each file, and no other.',
      ),
    )
}

/** A selector that matches nothing protects nothing, and nobody says so. */
const checkSelector = (manifest: Manifest, pods: readonly Manifest[]): readonly Finding[] => {
  const { spec, kind, file, metadata } = manifest
  const selector =
    kind === 'Service' ? spec?.selector : (spec?.selector?.['matchLabels'] ?? spec?.podSelector?.matchLabels)
  if (selector === undefined) return []
  return pods.some(({ spec: of }) => isMatched(selector, of?.template?.metadata?.labels ?? {}))
    ? []
    : [
        found(
          file,
          `${kind} ${metadata?.name ?? ''} selects no pod`,
          'Write the labels of the pods it is for.',
        ),
      ]
}

const checkEmpty = ({ file, stringData, data, metadata }: Manifest): readonly Finding[] =>
  data === undefined && Object.values(stringData ?? {}).every((value) => value === '')
    ? []
    : [
        found(
          file,
          `Secret ${metadata?.name ?? ''} has a value`,
          'Values of secrets stand in no repository: leave it empty.',
        ),
      ]

/** Each with the files that it becomes. */
const namedSecrets = (manifests: readonly Manifest[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    manifests
      .filter(({ kind }) => kind === 'Secret')
      .map(({ metadata, stringData }) => [metadata?.name ?? '', Object.keys(stringData ?? {})]),
  )
