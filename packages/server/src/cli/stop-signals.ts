const signals = ['SIGTERM', 'SIGINT'] as const

export type StopSignal = (typeof signals)[number]

/** The next signal to stop. Until then, and once it has come, a signal does what the system has it do. */
export const nextStopSignal = (abandoned?: AbortSignal): Promise<StopSignal> =>
  new Promise((resolve) => {
    const forget = (): void => {
      for (const signal of signals) process.off(signal, hear)
    }
    const hear = (signal: StopSignal): void => {
      forget()
      resolve(signal)
    }
    for (const signal of signals) process.on(signal, hear)
    abandoned?.addEventListener('abort', forget, { once: true })
  })

/** Waits so long, or until somebody asks for a stop once more and will wait no longer. */
export const waitUnlessSignalled = async (ms: number): Promise<void> => {
  if (ms === 0) return
  const over = new AbortController()
  const timer = Promise.withResolvers<void>()
  const timeout = setTimeout(timer.resolve, ms)
  await Promise.race([timer.promise, nextStopSignal(over.signal)])
  clearTimeout(timeout)
  over.abort()
}
