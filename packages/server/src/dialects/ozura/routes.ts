import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result } from '@cardkeep/core/kernel/result'
import type { Alongside } from '@cardkeep/core/operations/alongside'
import type { Caller } from '@cardkeep/core/operations/caller'
import { dropCode } from '@cardkeep/core/operations/codes/drop-code'
import type { DryRun } from '@cardkeep/core/operations/forwards/dry-run'
import { dryRunForward } from '@cardkeep/core/operations/forwards/dry-run-forward'
import { forwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { revealToken } from '@cardkeep/core/operations/tokens/reveal-token'
import { type TokenizedAccount, tokenizeAccount } from '@cardkeep/core/operations/tokens/tokenize-account'
import { type TokenizedCard, tokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Answer } from '@cardkeep/core/ports'
import type { Dialect } from '../../http/dialect.ts'
import { forwarding } from '../../http/forwarding.ts'
import { defineRoute, type Route } from '../../http/route.ts'
import type { Services } from '../../services.ts'
import { readCredential } from './auth.ts'
import {
  decodeDeleteSession,
  decodeDetokenize,
  decodeTestToken,
  decodeTokenize,
  samenessOfTokenize,
  type Tokenize,
} from './decode.ts'
import { decodeProxy, type ProxyCommand } from './decode-proxy.ts'
import {
  encodeAnswer,
  encodeKey,
  encodeRevealed,
  encodeSessionDeleted,
  encodeTestToken,
  encodeTokenized,
} from './encode.ts'
import { encodeDryRun } from './encode-dry-run.ts'
import { encodeBug, encodeRefusal } from './errors.ts'
import * as wire from './wire.ts'

const tokenizeEither = (
  services: Services,
  caller: Caller,
  command: Tokenize,
  alongside: Alongside<TokenizedCard | TokenizedAccount>,
): Promise<Result<TokenizedCard | TokenizedAccount, Refusal>> =>
  command.type === 'card'
    ? tokenizeCard(services, caller, command.card, alongside)
    : tokenizeAccount(services, caller, command.account, alongside)

const tokenize = defineRoute({
  method: 'POST',
  path: '/tokenize',
  summary: 'Exchange a card or a bank account for a token; hold the code of a card in a CVC session',
  auth: { permission: 'tokenize', publicKey: true },
  idempotency: { header: 'idempotency-key', sameness: samenessOfTokenize },
  headers: wire.tokenizeHeaders,
  body: wire.tokenizeBody,
  replies: { 201: wire.tokenizeReply },
  decode: decodeTokenize,
  run: tokenizeEither,
  encode: encodeTokenized,
})

// wire: ozura §test tokens, inferred: for test tenants alone; §errors: others are told as without permission
const testTokens = defineRoute({
  method: 'POST',
  path: '/test-tokens',
  summary: 'Exchange a published test card for a token whose CVC session can be reused for a year',
  auth: { permission: 'tokenize', publicKey: true, testOnly: true },
  headers: wire.testTokenHeaders,
  body: wire.testTokenBody,
  replies: { 201: wire.testTokenReply },
  decode: decodeTestToken,
  run: tokenizeCard,
  encode: encodeTestToken,
})

type Proxied =
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'dry run'; readonly dryRun: DryRun }

const runProxy = async (
  services: Services,
  caller: Caller,
  { forward, isDryRun }: ProxyCommand,
): Promise<Result<Proxied, Refusal>> => {
  if (isDryRun) {
    const dryRun = await dryRunForward(services, caller, forward)
    return dryRun.ok ? ok({ type: 'dry run', dryRun: dryRun.value }) : dryRun
  }
  const answer = await forwardRequest(services, caller, forward)
  return answer.ok ? ok({ type: 'answer', answer: answer.value }) : answer
}

const proxy = defineRoute({
  ...forwarding,
  method: 'POST',
  path: '/proxy/transaction',
  summary: "Send a request to a provider with the card's values in the place of placeholders",
  keepsNumbers: true,
  query: wire.proxyQuery,
  headers: wire.proxyHeaders,
  body: wire.proxyBody,
  replies: { 200: wire.proxyReply },
  decode: decodeProxy,
  run: runProxy,
  encode: (proxied) =>
    proxied.type === 'answer' ? encodeAnswer(proxied.answer) : encodeDryRun(proxied.dryRun),
})

// wire: ozura §detokenize, inferred but for the path
const detokenize = defineRoute({
  method: 'POST',
  path: '/detokenize',
  summary: 'Tell the clear card or bank account behind a token; never a code',
  auth: { permission: 'detokenize' },
  body: wire.detokenizeBody,
  replies: { 200: wire.detokenizeReply },
  decode: decodeDetokenize,
  run: revealToken,
  encode: encodeRevealed,
})

const deleteSession = (path: string): Route =>
  defineRoute({
    method: 'DELETE',
    path,
    summary: 'Forget a held code at once',
    auth: { permission: 'tokenize' },
    query: wire.deleteSessionQuery,
    body: wire.deleteSessionBody,
    replies: { 200: wire.deleteSessionReply },
    decode: decodeDeleteSession,
    run: dropCode,
    encode: encodeSessionDeleted,
  })

const applicationKey = defineRoute({
  method: 'GET',
  path: '/api/applications/key',
  summary: 'Tell what an API key may do',
  auth: { permission: 'any' },
  replies: { 200: wire.keyReply },
  decode: () => ok(undefined),
  run: async (_services, { principal }) => ok(principal),
  encode: encodeKey,
})

export const ozura: Dialect = {
  name: 'ozura',
  routes: [
    tokenize,
    testTokens,
    proxy,
    detokenize,
    deleteSession('/proxy/delete-cvc-session'),
    deleteSession('/proxy/delete-cvc-session/:cvc_session_id'),
    applicationKey,
  ],
  security: {
    credential: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    publicKey: { type: 'apiKey', in: 'header', name: 'X-Pub-Key' },
  },
  readCredential,
  encodeRefusal,
  encodeBug,
  refusalSchema: wire.refusalBody,
}
