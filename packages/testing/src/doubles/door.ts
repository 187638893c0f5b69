import { Writable } from 'node:stream'
import type { Egress } from '@cardkeep/core/ports'
import { createLockouts } from '@cardkeep/server/ephemeral/memory/lockouts'
import { createAccess } from '@cardkeep/server/http/access'
import type { Dialect } from '@cardkeep/server/http/dialect'
import { createInFlight } from '@cardkeep/server/http/in-flight'
import { createListener } from '@cardkeep/server/http/listener'
import { createCredentialProver, proveClientsOf } from '@cardkeep/server/http/prove-credential'
import { createRefusalNotes } from '@cardkeep/server/http/refusal-notes'
import { createAccessKeySealer } from '@cardkeep/server/keys/access-key-sealer'
import { createRequestMarker } from '@cardkeep/server/keys/idempotency-hasher'
import { createReplySealer } from '@cardkeep/server/keys/reply-sealer'
import { createLog } from '@cardkeep/server/log/log'
import { createPassport } from '@cardkeep/server/passport/passport'
import type { Services } from '@cardkeep/server/services'
import type { TestVault } from './vault.ts'

export interface DoorParts extends Partial<Services> {
  readonly dialect: Dialect
  readonly egress: Egress
  /** What the vault says of itself; `undefined`: as each request says. */
  readonly publicUrl: string | undefined
  /** Takes the lines of the log. */
  readonly lines: string[]
}

/** A test vault with its door: one dialect behind the real listener, which is asked by injection. */
export const openDoor = (
  vault: TestVault,
  { dialect, publicUrl, lines, ...others }: DoorParts,
): ReturnType<typeof createListener> => {
  const readiness = {
    auditFailed: () => undefined,
    check: async () => undefined,
    isSealed: () => false,
    setSealed: () => undefined,
    setStopping: () => undefined,
  }
  const { clock, credentials } = vault
  const prover = createCredentialProver(
    { ...vault, readiness, ...others },
    credentials,
    createLockouts(clock),
    createRefusalNotes(clock),
  )
  const services: Services = {
    ...vault,
    passport: createPassport({
      ...{ store: vault.store, sealer: createAccessKeySealer(vault.keyring), clock },
      prove: proveClientsOf('pismo', prover),
    }),
    readiness,
    marker: createRequestMarker(vault.keyring),
    replySealer: createReplySealer(vault.keyring),
    ...others,
  }
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  return createListener({
    config: { tls: { type: 'none' }, trustedProxies: [], publicUrl },
    dialects: [dialect],
    services,
    access: createAccess(services, prover),
    readiness,
    inFlight: createInFlight(),
    log: createLog('info', out),
  })
}
