import { parseAllDocuments } from 'yaml'

type Labels = Readonly<Record<string, string>>

/** As much of any manifest as the checks look at. */
export interface Manifest {
  readonly file: string
  readonly kind: string
  readonly apiVersion: string
  readonly metadata?: { readonly name?: string }
  readonly data?: Labels
  readonly stringData?: Labels
  readonly resources?: readonly string[]
  readonly spec?: {
    readonly selector?: Labels & { readonly matchLabels?: Labels }
    readonly podSelector?: { readonly matchLabels?: Labels }
    readonly template?: { readonly metadata?: { readonly labels?: Labels }; readonly spec?: unknown }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

/** Every document of the manifests. Throws where one is no YAML. */
export const readManifests = (texts: ReadonlyMap<string, string>): readonly Manifest[] =>
  [...texts]
    .filter(([file]) => /^deploy\/kubernetes\/.*\.yaml$/.test(file))
    .flatMap(([file, text]) =>
      parseAllDocuments(text).map((document) => {
        const [error] = document.errors
        if (error) throw new Error(`${file}: ${error.message}`)
        return { ...(document.toJS() as Manifest), file }
      }),
    )

export const isMatched = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)
