import type { Refusal } from '@cardkeep/core/errors'
import { runOnce } from '@cardkeep/core/idempotency/run-once'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { none } from '@cardkeep/core/operations/alongside'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { Services } from '../services.ts'
import type { Dialect } from './dialect.ts'
import type { CredentialAuth, CredentialRoute, IdempotencyRule, Reply, Route, RouteInput } from './route.ts'

export interface OnceParts {
  readonly dialect: Pick<Dialect, 'name'>
  readonly route: CredentialRoute
  /** The body of a reply as it is sent. */
  readonly spell: (reply: Reply) => string
}

/**
 * Answers a request, and where it comes with an idempotency key, answers it once: within a day the same request gets
 * the same reply again, byte for byte, which may name a code that is no longer held.
 */
export const handleOnce = async (
  { dialect, route, spell }: OnceParts,
  services: Services,
  caller: Caller,
  input: RouteInput,
): Promise<Result<Reply, Refusal>> => {
  const rule = route.idempotency
  const key = rule && input.headers[rule.header]
  if (!rule || key === undefined) return route.handle(services, caller, input, none)
  if (typeof key !== 'string' || !keyForm.test(key))
    return refuse({ type: 'InvalidField', field: spellName(rule) })

  const { tenant, accountId } = caller.principal
  const marks = services.marker.mark({
    tenantId: tenant.id,
    // Whoever acts for one account must not be told what was made for another.
    route: [dialect.name, route.method, route.path, ...(accountId === undefined ? [] : [accountId])].join(
      ' ',
    ),
    key,
    content: rule.sameness(input),
    at: services.clock.now(),
  })
  const result = await runOnce(services, tenant.id, marks, (settle) =>
    route.handle(services, caller, input, (reply) => settle({ status: reply.status, body: spell(reply) })),
  )
  if (!result.ok) return result
  if (result.value.type === 'ran') return ok(result.value.value)
  const { status, body } = result.value.reply
  return ok({ status, headers: { 'idempotent-replayed': 'true' }, body: body === '' ? undefined : body })
}

/** Visible ASCII. Two headers of the name reach us as one text with a space in it, and are refused too. */
const keyForm = /^[\x21-\x7e]{1,255}$/

/** As people write it: `Idempotency-Key`. */
const spellName = ({ header }: IdempotencyRule): string =>
  header.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())

/** What these permissions allow is answered without number or code; the reply to a forward or a reveal is never kept. */
const repeatable: readonly CredentialAuth['permission'][] = ['tokenize', 'issue']

/** Throws for a route whose reply must not be stored. */
export const needsStorableReply = ({ method, path, auth, idempotency }: Route): void => {
  if (!idempotency) return
  // Precondition: a reply is stored only where it cannot hold card data.
  if (auth === 'visitor' || !repeatable.includes(auth.permission))
    throw new Error(`${method} ${path} may not have an idempotency key: its reply must not be stored`)
  // Precondition: Node hands headers over by lower-case names.
  if (idempotency.header !== idempotency.header.toLowerCase())
    throw new Error(`${method} ${path} names its idempotency key with capitals, and would never find one`)
}
