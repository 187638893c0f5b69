import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { CredentialId, ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { ok } from '@cardkeep/core/kernel/result'
import { epochMs } from '@cardkeep/core/kernel/time'
import { randomIds, systemClock } from '@cardkeep/server/clock'
import { hellgate } from '@cardkeep/server/dialects/hellgate/routes'
import { importBody, tokenReply } from '@cardkeep/server/dialects/hellgate/wire'
import { ozura } from '@cardkeep/server/dialects/ozura/routes'
import { tokenizeBody, tokenizeReply } from '@cardkeep/server/dialects/ozura/wire'
import { createPismo } from '@cardkeep/server/dialects/pismo/routes'
import {
  cardParams,
  resetBody,
  successReply,
  verifyBody,
  verifyReply,
} from '@cardkeep/server/dialects/pismo/wire'
import { createVerifone } from '@cardkeep/server/dialects/verifone/routes'
import { tokenReply as shownReply, tokenParams } from '@cardkeep/server/dialects/verifone/wire'
import { createInFlight } from '@cardkeep/server/http/in-flight'
import { createListener, type ListenerParts } from '@cardkeep/server/http/listener'
import { defineRoute, type Route } from '@cardkeep/server/http/route'
import { createLog } from '@cardkeep/server/log/log'
import { serveBench } from './servers.ts'

/*
 * The limit that the vault is measured against: the same listener, the same parser and schema, the same log line, and
 * a constant for an answer. Nobody is asked who they are.
 */

const tokenized = {
  success: true,
  token: 'tok_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  data: { number: '400000******0000', expiration_month: '12', expiration_year: '2030' },
  mask: { card_number: '400000******0000' },
  cvc_session_id: '00000000-0000-4000-8000-000000000000',
  bin: '400000',
  deduplicated: false,
}

const imported = {
  id: '00000000-0000-4000-8000-000000000000',
  card_art_url: 'http://127.0.0.1:8080/tokens/card-art/00000000-0000-4000-8000-000000000000',
  created_at: '2030-01-01T00:00:00.000Z',
  expiry_month: 12,
  expiry_year: 2030,
  issuer_identification_number: '40000000',
  account_number_last_four: '0000',
  account_number_length: 16,
  masked_account_number: '400000******0000',
  status: 'active',
  network_token_status: 'not_available',
  scheme: 'VISA',
  identity_and_verification: 'none',
}

const shown = {
  reuse_token: 'aaaaaaaaaaaaaaaaaaaaaaaaaa',
  reuse_token_type: 'INTERNAL',
  token_scope: '00000000-0000-4000-8000-000000000000',
  bin: '400000',
  last_four: '0000',
  expiry_month: 12,
  expiry_year: 2030,
  issuer_country: 'ZZZ',
  bin_details: { bin: '400000', last_four: '0000', brand: 'VISA', issuer_country: 'ZZZ' },
  created_at: '2030-01-01',
  updated_at: '2030-01-01',
  token_expiry_date: '9999-12-31',
  token_status: 'ACTIVE',
  brand: 'VISA',
}

const rotatingCvv = '/pcicards/v2/pcicards/cvv/:cardId'

type Schema = NonNullable<Route['body']>

const answerConstant = (
  [method, path]: readonly [method: Route['method'], path: string],
  asked: { readonly body?: Schema; readonly params?: Schema },
  [status, schema, answer]: readonly [status: number, schema: Schema, answer: object],
): Route =>
  defineRoute({
    method,
    path,
    summary: 'A constant',
    auth: { permission: 'any', publicKey: false },
    ...asked,
    replies: { [status]: schema },
    decode: () => ok(undefined),
    run: async () => ok(undefined),
    encode: () => ({ status, body: answer }),
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
  config: { tls: { type: 'none' }, trustedProxies: [], publicUrl: undefined },
  dialects: [
    {
      ...ozura,
      routes: [
        answerConstant(['POST', '/tokenize'], { body: tokenizeBody }, [201, tokenizeReply, tokenized]),
      ],
      readCredential: () => undefined,
    },
    {
      ...hellgate,
      routes: [answerConstant(['POST', '/cde-import'], { body: importBody }, [200, tokenReply, imported])],
      readCredential: () => undefined,
    },
    {
      ...createVerifone(systemClock),
      routes: [
        answerConstant(['GET', '/api/v2/card/:id'], { params: tokenParams }, [200, shownReply, shown]),
      ],
      readCredential: () => undefined,
    },
    {
      ...createPismo(systemClock),
      routes: [
        answerConstant(['POST', `${rotatingCvv}/verify`], { params: cardParams, body: verifyBody }, [
          200,
          verifyReply,
          { valid: true },
        ]),
        answerConstant(['POST', `${rotatingCvv}/reset`], { params: cardParams, body: resetBody }, [
          200,
          successReply,
          { success: true },
        ]),
      ],
      readCredential: () => undefined,
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
