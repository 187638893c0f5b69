import { defineConfig } from 'vitest/config'

/** `npm run soak`: minutes of load, of which one test run has not got so many. */
export default defineConfig({
  test: {
    pool: 'threads',
    maxWorkers: 1,
    include: ['scenarios/soak/**/*.soak.ts'],
    globalSetup: [
      'packages/testing/src/canary/global-setup.ts',
      'packages/testing/src/servers/global-setup.ts',
    ],
    // Whoever asks for a soak says how long it is.
    testTimeout: 0,
    hookTimeout: 60_000,
  },
})
