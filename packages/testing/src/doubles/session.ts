import { createHash } from 'node:crypto'
import { defaultPolicies } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { CaptureId, TokenId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { Visitor } from '@cardkeep/core/operations/caller'
import {
  type AnsweringPorts,
  type AnswerSession,
  answerSession,
} from '@cardkeep/core/operations/sessions/answer-session'
import {
  type OpeningPorts,
  type OpenSession,
  openSession,
} from '@cardkeep/core/operations/sessions/open-session'
import type { SessionKeys } from '@cardkeep/core/ports'
import type { CaptureAnswer } from '@cardkeep/core/sessions/capture-answer'
import type { Environment, Tenant } from '@cardkeep/core/tenants/tenant'
import { testCards } from '../canary/cards.ts'
import { cardOf } from '../keys/fixture.ts'
import { callerOf, type TestVault } from './vault.ts'

/*
 * Capture sessions for tests of what they do: a payload is `session id, number, answer` in JSON and is sealed for nobody,
 * so that a test can say what a browser sealed. That real ones open is a matter of the real keys.
 */

export const visitor: Visitor = {
  requestId: '00000000-0000-4000-8000-00000000bbbb',
  origin: '198.51.100.7',
}

/** What the dialect of the tests seals: `{number, code, lifetimeMs}`, or `{code}` for a refresh. */
export interface Typed {
  readonly number?: string
  readonly code?: string
  readonly lifetimeMs?: number
  readonly expired?: boolean
}

let payloads = 0

/** As a browser seals it: no two payloads are alike, whatever they say. */
export const sealFor = (id: CaptureId, typed: Typed): string =>
  JSON.stringify([id, ++payloads, JSON.stringify(typed)])

const pairOf = (environment: Environment): string => `${environment} pair`

export const openSessionKeys: SessionKeys = {
  current: async (environment) => ({ id: pairOf(environment), modulus: 'AQAB', exponent: 'AQAB' }),
  open: async (environment, { id, key }, payload) => {
    const [sealedFor, , text] = JSON.parse(payload) as readonly [string, number, string]
    if (sealedFor !== id || key.id !== pairOf(environment)) return refuse({ type: 'PayloadNotReadable' })
    return ok({ text: new Secret(text), mark: createHash('sha256').update(payload).digest() })
  },
}

const readTyped = (type: CaptureAnswer['type'], text: Secret<string>): Result<CaptureAnswer, Refusal> => {
  const { number, code, lifetimeMs, expired } = JSON.parse(openSecret(text, 'check')) as Typed
  if (type === 'refresh code')
    return code === undefined
      ? refuse({ type: 'MissingField', field: 'code' })
      : ok({ type, code: new Secret(code) })
  if (number === undefined) return refuse({ type: 'MissingField', field: 'number' })
  const card = cardOf(number)
  return ok({
    type,
    card: expired ? { ...card, expiry: { month: 1, year: 2020, yearDigits: 4 } } : card,
    code: code === undefined ? undefined : new Secret(code),
    lifetimeMs,
  })
}

type Ports = AnsweringPorts & OpeningPorts

export const portsOf = (vault: TestVault, parts: Partial<Ports> = {}): Ports => ({
  ...vault,
  sessionKeys: openSessionKeys,
  readiness: { auditFailed: () => undefined, isSealed: () => false },
  ...parts,
})

/** Opens a session that must open. */
export const openFor = async (
  vault: TestVault,
  tenant: Tenant,
  wish: TokenId | OpenSession = { type: 'tokenize', lifetimeMs: undefined },
): Promise<CaptureId> => {
  const command: OpenSession = typeof wish === 'string' ? { type: 'refresh code', tokenId: wish } : wish
  const opened = await openSession(portsOf(vault), callerOf(tenant), command)
  if (!opened.ok) throw new Error(`a test could not open a session: ${opened.error.type}`)
  return opened.value.id
}

export interface AnswerWish extends Partial<AnswerSession> {
  readonly ports?: Partial<Ports> | undefined
}

/** Answers as the browser would that was asked for it: a card if there is a number, a code otherwise. */
export const answer = (
  vault: TestVault,
  id: CaptureId,
  typed: Typed = { number: testCards.visa, code: '947' },
  { ports = {}, ...parts }: AnswerWish = {},
): ReturnType<typeof answerSession> => {
  const answers = parts.answers ?? (typed.number === undefined ? 'refresh code' : 'tokenize')
  return answerSession(portsOf(vault, ports), visitor, {
    id,
    answers,
    payload: sealFor(id, typed),
    read: (text) => readTyped(answers, text),
    defaultPolicy: defaultPolicies.hellgate,
    ...parts,
  })
}
