import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'threads',
    // Many tests wait for timeouts, processes and disks: more of them at once than there are cores.
    maxWorkers: 3,
    include: ['packages/*/src/**/*.test.ts', 'scenarios/**/*.test.ts', 'tools/**/*.test.ts'],
    globalSetup: ['packages/testing/src/canary/global-setup.ts'],
    sequence: { shuffle: true },
  },
})
