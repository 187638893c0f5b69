import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'threads',
    // Many tests wait for timeouts, processes and disks; on two cores the default would be one at a time.
    maxWorkers: 2,
    include: [
      'packages/*/src/**/*.test.ts',
      'scenarios/**/*.test.ts',
      'e2e/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    // Ended in the opposite order: servers stop before their folders are searched.
    globalSetup: [
      'packages/testing/src/canary/global-setup.ts',
      'packages/testing/src/servers/global-setup.ts',
    ],
    // Only a test that hangs is to meet this: on two busy cores a sync to disk takes many times as long.
    testTimeout: 20_000,
    sequence: { shuffle: true },
  },
})
