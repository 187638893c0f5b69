import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'threads',
    // Many tests wait for timeouts, processes and disks; on two cores the default would be one at a time.
    maxWorkers: 2,
    include: ['packages/*/src/**/*.test.ts', 'scenarios/**/*.test.ts', 'tools/**/*.test.ts'],
    globalSetup: ['packages/testing/src/canary/global-setup.ts'],
    sequence: { shuffle: true },
  },
})
