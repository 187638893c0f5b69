import { pendingTriesConformance } from '@cardkeep/testing/conformance/tries'
import { createMemoryTries } from './memory-tries.ts'

pendingTriesConformance('tries in memory', async () => {
  const tries = createMemoryTries()
  return { tries, another: tries }
})
