/** What a page of metrics says, in the text format of Prometheus. */
export interface Samples {
  /** The sum of all samples of this name that have these labels; 0 where there is none. */
  readonly get: (name: string, labels?: Readonly<Record<string, string>>) => number
  /** Whether the page has a sample of this family. */
  readonly has: (family: string) => boolean
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Throws at a line that is neither a comment nor a sample. */
export const parseSamples = (text: string): Samples => {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const samples = lines.map(parseSample)
  return {
    get: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && hasAll(sample, labels))
        .reduce((sum, { value }) => sum + value, 0),
    has: (family) => samples.some(({ name }) => name.replace(/_(?:bucket|sum|count)$/, '') === family),
  }
}

const hasAll = ({ labels }: Sample, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

const parseSample = (line: string): Sample => {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`this is no sample: ${line}`)
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])),
    value: value === '+Inf' ? Infinity : Number(value),
  }
}
