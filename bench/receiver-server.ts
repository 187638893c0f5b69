import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { serveBench } from './servers.ts'

/* Takes every event at once and counts them, in a process of its own. */

let received = 0
const provider = await startProvider({
  answers: {
    '/events': (_, response) => {
      received++
      answer(response, 204, 'text/plain', '')
    },
  },
})
serveBench({ origin: provider.origin, caPem: provider.caPem }, { received: () => received }, () =>
  provider.close(),
)
