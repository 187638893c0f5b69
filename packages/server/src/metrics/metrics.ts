import type { Page } from '../http/metrics-server.ts'
import { version } from '../version.ts'
import { readState, type StateParts } from './read-state.ts'
import type { Meters } from './registry.ts'

/** The page of `/metrics`: looks at the vault's state and prints all that was counted. Who asks meanwhile gets the same. */
export const createMetricsPage = (meters: Meters, parts: StateParts): (() => Promise<Page>) => {
  meters.set('cardkeep_build_info', { version, node: process.version }, 1)
  const make = async (): Promise<Page> => {
    await readState(meters, parts)
    return { contentType: meters.contentType, text: await meters.print() }
  }
  let making: Promise<Page> | undefined
  return () =>
    (making ??= make().finally(() => {
      making = undefined
    }))
}
