import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'threads',
    include: ['packages/*/src/**/*.test.ts', 'scenarios/**/*.test.ts', 'tools/**/*.test.ts'],
    globalSetup: ['packages/testing/src/canary/global-setup.ts'],
    sequence: { shuffle: true },
  },
})
