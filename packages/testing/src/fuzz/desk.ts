import { Writable } from 'node:stream'
import { UnavailableError } from '@cardkeep/core/errors'
import type { CredentialId, ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import type { Access } from '@cardkeep/server/http/access'
import type { Dialect } from '@cardkeep/server/http/dialect'
import { createInFlight } from '@cardkeep/server/http/in-flight'
import { createListener } from '@cardkeep/server/http/listener'
import { createLog } from '@cardkeep/server/log/log'
import type { Services } from '@cardkeep/server/services'
import { createCountingIds } from '../clock.ts'

/** A door without a vault behind it. */
export interface Desk {
  readonly app: ReturnType<typeof createListener>
  /** What the log says of bugs, and forgets it. */
  drainBugs(): readonly string[]
}

/**
 * The real listener with everything that reads a request, and nothing that could act on it: whoever shows anything is let in,
 * and a command ends at the first thing that it asks for, which cannot be reached. So a request is answered with a refusal
 * or, where it became a command, with a 503; and thousands of them take seconds.
 */
export const openDesk = (dialects: readonly Dialect[], clock: Clock): Desk => {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const readiness = {
    auditFailed: () => undefined,
    check: async () => undefined,
    isSealed: () => false,
    setSealed: () => undefined,
    setStopping: () => undefined,
  }
  const services = unreachable({ clock, ids: createCountingIds(), readiness })
  const app = createListener({
    config: { tls: { type: 'none' }, trustedProxies: [], publicUrl: undefined },
    dialects,
    services,
    access: letsIn,
    readiness,
    inFlight: createInFlight(),
    log: createLog('error', out),
  })
  return { app, drainBugs: () => lines.splice(0) }
}

const unreachable = (own: Pick<Services, 'clock' | 'ids' | 'readiness'>): Services => {
  const fail = (): never => {
    throw new UnavailableError('there is no vault behind this door')
  }
  const port = new Proxy(fail, { get: () => fail })
  return new Proxy(own, {
    get: (target, name) => (Object.hasOwn(target, name) ? target[name as keyof typeof own] : port),
  }) as Services
}

/** What is shown is read by the dialect and then believed. */
const letsIn: Access = {
  authenticate: async ({ dialect, headers }) => {
    dialect.readCredential(headers)
    dialect.readBearer?.(headers)
    return ok({ tenant, credentialId: '00000000-0000-4000-8000-00000000c0de' as CredentialId, ...everything })
  },
  stillHolds: async () => true,
}

const everything = {
  accountId: 1,
  permissions: ['tokenize', 'forward', 'detokenize', 'issue', 'show', 'verify'],
} as const

const tenant: Tenant = {
  id: '00000000-0000-4000-8000-00000000d35c' as TenantId,
  name: 'shop',
  environment: 'test',
  defaultScopeId: '00000000-0000-4000-8000-00000005c09e' as ScopeId,
  codePolicy: undefined,
  createdAt: epochMs(0),
}
