import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { startProvider } from './provider.ts'

/* `npm run provider`: a provider to charge while trying the vault by hand. */

const port = 9443
const authority = resolve('provider-ca.pem')

const provider = await startProvider({ port }).catch((): never => {
  process.stderr.write(`The provider cannot listen on port ${port}; is another one running?\n`)
  process.exit(1)
})
writeFileSync(authority, provider.caPem)
process.stdout.write(`A provider listens on ${provider.origin}; its authority is ${authority}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void provider.close())
