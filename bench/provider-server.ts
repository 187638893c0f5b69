import { startProvider } from '@cardkeep/testing/provider/provider'
import { serveBench } from './servers.ts'

/* A provider in a process of its own, as providers are. */

const provider = await startProvider()
serveBench({ origin: provider.origin, caPem: provider.caPem }, {}, () => provider.close())
