import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { CredentialId, ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import { randomIds } from '@cardkeep/server/clock'
import { encodeBug, encodeRefusal } from '@cardkeep/server/dialects/ozura/errors'
import { ozura } from '@cardkeep/server/dialects/ozura/routes'
import { refusalBody, tokenizeBody, tokenizeReply } from '@cardkeep/server/dialects/ozura/wire'
import { createInFlight } from '@cardkeep/server/http/in-flight'
import { createListener, type ListenerParts } from '@cardkeep/server/http/listener'
import { defineRoute } from '@cardkeep/server/http/route'
import { createLog } from '@cardkeep/server/log/log'
import { serveBench } from './servers.ts'

/*
 * The limit that the vault is measured against: the same listener, the same parser and schema, the same log line, and
 * a constant for an answer. Nobody is asked who they are.
 */

const constant = {
  success: true,
  token: 'tok_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  data: { number: '400000******0000', expiration_month: '12', expiration_year: '2030' },
  mask: { card_number: '400000******0000' },
  cvc_session_id: '00000000-0000-4000-8000-000000000000',
  bin: '400000',
  deduplicated: false,
}

const route = defineRoute({
  method: 'POST',
  path: '/tokenize',
  summary: 'A constant',
  auth: { permission: 'any', publicKey: false },
  body: tokenizeBody,
  replies: { 201: tokenizeReply },
  decode: () => ok(undefined),
  run: async () => ok(undefined),
  encode: () => ({ status: 201, body: constant }),
})

const principal = {
  tenant: {
    id: '' as TenantId,
    name: 'bench',
    environment: 'live' as const,
    defaultScopeId: '' as ScopeId,
    codePolicy: undefined,
    createdAt: epochMs(0),
  },
  credentialId: '' as CredentialId,
  permissions: [],
}

const folder = process.argv[2] ?? ''
const parts = {
  config: { tls: { type: 'none' }, trustedProxies: [] },
  dialects: [
    {
      name: 'ozura',
      routes: [route],
      readCredential: () => undefined,
      encodeRefusal,
      encodeBug,
      refusalSchema: refusalBody,
      security: ozura.security,
    },
  ],
  services: { ids: randomIds } as ListenerParts['services'],
  access: { authenticate: async () => ok(principal), stillHolds: async () => true },
  inFlight: createInFlight(),
  readiness: {
    auditFailed: () => {},
    check: async () => undefined,
    isSealed: () => false,
    setSealed: () => {},
    setStopping: () => {},
  },
  log: createLog('info', createWriteStream(join(folder, 'constant.log'))),
} satisfies ListenerParts
const app = createListener(parts)
const url = await app.listen({ host: '127.0.0.1', port: 0 })
serveBench({ url }, {}, () => app.close())
