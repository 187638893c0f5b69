import { UnavailableError } from '@cardkeep/core/errors'
import type { Clock } from '@cardkeep/core/ports'
import type { Log } from './log.ts'

/** The same function, which says in the log once that what it asks is away, and once that it is back. */
export const noteOutages = <T>(
  backend: 'database' | 'codes',
  ask: () => Promise<T>,
  { log, clock }: { readonly log: Log; readonly clock: Pick<Clock, 'monotonic'> },
): (() => Promise<T>) => {
  let awaySince: number | undefined
  return async () => {
    try {
      const answer = await ask()
      if (awaySince !== undefined)
        log.warn('backend.back', {
          backend,
          afterSeconds: Math.round((clock.monotonic() - awaySince) / 1_000),
        })
      awaySince = undefined
      return answer
    } catch (error) {
      if (error instanceof UnavailableError && awaySince === undefined) {
        awaySince = clock.monotonic()
        log.error('backend.away', { backend })
      }
      throw error
    }
  }
}
