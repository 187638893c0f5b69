import { createHash, X509Certificate } from 'node:crypto'
import { type Identity, makeAuthority } from '@cardkeep/testing/provider/authority'

/** Every name that a page or a vault of these tests has. All of them are this machine. */
export const hostnames = ['vault.test', 'shop.test', 'elsewhere.test'] as const
export type Hostname = (typeof hostnames)[number]

export interface ServerIdentity extends Identity {
  readonly caPem: string
  /** By which Chromium is told to trust this key, and no other. */
  readonly keyDigest: string
}

/** One for all servers of a test file. */
export const identity: ServerIdentity = await (async () => {
  const authority = await makeAuthority('Browser test authority')
  const issued = await authority.issue({ name: 'servers', hostnames, addresses: ['127.0.0.1'] })
  const key = new X509Certificate(issued.certificate).publicKey.export({ type: 'spki', format: 'der' })
  const keyDigest = createHash('sha256').update(key).digest('base64')
  return { ...issued, caPem: authority.caPem, keyDigest }
})()
