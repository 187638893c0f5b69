import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import {
  type CounterName,
  type Family,
  type FamilyName,
  families,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
} from './families.ts'

/** Where everything is counted. */
export interface Meters {
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by?: number): void
  observe<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, seconds: number): void
  set<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void
  /** Takes a gauge out of the answers until it is set again: what cannot be read now is not what it was. */
  forget(name: GaugeName): void
  /** In the text format of Prometheus. */
  print(): Promise<string>
  readonly contentType: string
}

/** A commit takes a millisecond or two, a forward as long as its provider: both ends are of interest. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Those of the families, and what prom-client knows of any process: memory, processor, event loop, open files. */
export const createMeters = (): Meters => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counters = new Map<FamilyName, Counter>()
  const gauges = new Map<FamilyName, Gauge>()
  const histograms = new Map<FamilyName, Histogram>()
  for (const [name, { kind, help, labels }] of Object.entries<Family>(families)) {
    const parts = { name, help, labelNames: [...labels], registers: [registry] }
    const key = name as FamilyName
    if (kind === 'counter') counters.set(key, new Counter(parts))
    else if (kind === 'gauge') gauges.set(key, new Gauge(parts))
    else histograms.set(key, new Histogram({ ...parts, buckets }))
  }
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    observe: (name, labels, seconds) => histograms.get(name)?.observe(labels, seconds),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    forget: (name) => {
      const gauge = gauges.get(name)
      gauge?.reset()
      // One without labels would be reset to 0, which is a statement.
      if (families[name].labels.length === 0) gauge?.remove()
    },
    print: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
