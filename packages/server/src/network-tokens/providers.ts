import type { NetworkTokenProviders } from '@cardkeep/core/ports'
import { createSimulator, type HashText } from './simulator.ts'

/** Who issues network tokens: to test tenants a simulator, to live tenants nobody. */
export const createNetworkTokenProviders = (hash: HashText): NetworkTokenProviders => {
  const simulator = createSimulator(hash)
  return (environment) => (environment === 'test' ? simulator : undefined)
}
