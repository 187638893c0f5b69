/** What is being done for callers, also for those who have gone away meanwhile. */
export interface InFlight {
  track<T>(work: Promise<T>): Promise<T>
  isAny(): boolean
  /** Resolves when nothing is left. */
  settled(): Promise<void>
}

export const createInFlight = (): InFlight => {
  const running = new Set<Promise<unknown>>()
  return {
    track: (work) => {
      running.add(work)
      const forget = () => running.delete(work)
      work.then(forget, forget)
      return work
    },
    isAny: () => running.size > 0,
    settled: async () => {
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}
