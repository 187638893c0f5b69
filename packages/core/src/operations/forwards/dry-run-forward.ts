import { type CodePolicy, testSessionPolicy } from '../../codes/policy.ts'
import type { Refusal } from '../../errors.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { CardCipher, Clock, Egress, Store } from '../../ports.ts'
import { checkValues } from '../../templates/template.ts'
import { auditOf, type Caller } from '../caller.ts'
import { openToken } from '../tokens/open-token.ts'
import type { DryRun, DryRunVerdicts, Verdict } from './dry-run.ts'
import {
  judgeAddress,
  judgeBody,
  judgeCode,
  judgeDestination,
  judgeHeaders,
  judgePolicy,
  judgeTls,
  judgeToken,
} from './dry-run-verdicts.ts'
import type { ForwardRequest } from './forward-request.ts'
import { listPlaceholders, maskBody, maskHeaders } from './mask-request.ts'

type Ports = {
  readonly store: Store
  readonly cipher: CardCipher
  readonly egress: Egress
  readonly clock: Clock
}

/**
 * Tells what a forward would do. Nothing is sent, no code is taken or looked for, and nothing changes but the audit log.
 * What the forward would be refused for is a verdict here, so that all of them are seen at once.
 */
export const dryRunForward = async (
  ports: Ports,
  caller: Caller,
  command: ForwardRequest,
): Promise<Result<DryRun, Refusal>> => {
  const { store, egress } = ports
  const { template, method } = command
  const destinations = await store.destinations(caller.principal.tenant.id)
  // Without headers first: one that is refused says nothing of the destination.
  const bare = egress.admit({ ...command, destinations, headers: {} })
  const forward = bare.ok ? bare.value : undefined
  const admitted = egress.admit({ ...command, destinations })
  // The address is read and headers are set on the way: what would go is told, not what was asked for.
  const going = admitted.ok
    ? { ...command, url: admitted.value.url.href, headers: admitted.value.headers }
    : command
  const opened = await openToken(ports, caller, command.tokenId)
  const probe = forward && (await egress.probe(forward))
  const placeholders = listPlaceholders(template, opened.ok ? opened.value.instrument : undefined)
  const isWhole = opened.ok && checkValues(template, opened.value.instrument).ok
  const body = isWhole && method !== 'GET' ? maskBody(template, opened.value) : undefined
  const wantsCode = template.uses.has('code')
  const verdicts: DryRunVerdicts = {
    token: judgeToken(opened.ok, isWhole),
    destination: judgeDestination(forward),
    headers: judgeHeaders(forward, admitted),
    address: judgeAddress(probe),
    tls: judgeTls(probe),
    policy: judgePolicy(policyOf(caller, opened), wantsCode, forward),
    code: judgeCode(command),
    body: judgeBody(command, body),
  }
  const passes = Object.values<Verdict<string>>({ ...verdicts }).every((verdict) => verdict.passes)
  await store.commit([auditDryRun(ports, caller, command, passes, verdicts)])
  return ok({
    passes,
    request: { method, url: going.url, headers: maskHeaders(going, forward?.destination), body },
    placeholders,
    verdicts,
  })
}

const policyOf = (
  { principal }: Caller,
  opened: Awaited<ReturnType<typeof openToken>>,
): CodePolicy | undefined =>
  opened.ok && opened.value.token.test ? testSessionPolicy : principal.tenant.codePolicy

const auditDryRun = (
  { clock }: Ports,
  caller: Caller,
  { tokenId, method }: ForwardRequest,
  passes: boolean,
  { destination, ...others }: DryRunVerdicts,
): ReturnType<typeof auditOf> =>
  auditOf(
    caller,
    clock.now(),
    'card.forward.dry-run',
    'success',
    { type: 'token', id: tokenId },
    {
      method,
      passes,
      ...(destination.rule && { destination: destination.rule.id, origin: destination.rule.origin }),
      ...Object.fromEntries(
        Object.entries({ destination, ...others })
          .filter(([, verdict]) => !verdict.passes)
          .map(([about, { says }]) => [`${about}Verdict`, says]),
      ),
    },
  )
