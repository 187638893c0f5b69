import type { CodePolicy } from '../../codes/policy.ts'
import { maxRequestBytes } from '../../destinations/destination.ts'
import type { Refusal } from '../../errors.ts'
import type { Result } from '../../kernel/result.ts'
import { utf8Length } from '../../kernel/utf8.ts'
import type { AdmittedForward, Probe } from '../../ports.ts'
import type { DryRunVerdicts } from './dry-run.ts'
import type { ForwardRequest } from './forward-request.ts'

/* What a dry run says of each thing that a forward depends on. */

/** `isWhole`: it has all that the template needs, as far as that can be known without taking a code. */
export const judgeToken = (isFound: boolean, isWhole: boolean): DryRunVerdicts['token'] => {
  if (!isFound) return { passes: false, says: 'not found' }
  return isWhole ? { passes: true, says: 'usable' } : { passes: false, says: 'lacks a value' }
}

export const judgeDestination = (forward: AdmittedForward | undefined): DryRunVerdicts['destination'] => {
  if (!forward) return { passes: false, says: 'not allowed', rule: undefined }
  const { id, origin, pathPrefix, methods } = forward.destination
  return { passes: true, says: 'allowed', rule: { id, origin, pathPrefix, methods } }
}

export const judgeHeaders = (
  forward: AdmittedForward | undefined,
  admitted: Result<AdmittedForward, Refusal>,
): DryRunVerdicts['headers'] => {
  if (admitted.ok) return { passes: true, says: 'allowed', header: undefined }
  if (forward && admitted.error.type === 'HeaderNotAllowed')
    return { passes: false, says: 'not allowed', header: admitted.error.header }
  return { passes: false, says: 'not judged', header: undefined }
}

export const judgeAddress = (probe: Probe | undefined): DryRunVerdicts['address'] => ({
  passes: probe?.address === 'allowed',
  says: probe?.address ?? 'not tried',
  addresses: probe?.addresses ?? [],
})

export const judgeTls = (probe: Probe | undefined): DryRunVerdicts['tls'] => {
  const says = probe?.tls ?? 'not tried'
  return { passes: says === 'trusted' || says === 'none', says, protocol: probe?.protocol }
}

/** `policy` is what the tenant allows; what the code itself was held with may be narrower, and only taking it would tell. */
export const judgePolicy = (
  policy: CodePolicy | undefined,
  wantsCode: boolean,
  forward: AdmittedForward | undefined,
): DryRunVerdicts['policy'] => {
  if (!wantsCode) return { passes: true, says: 'no code wanted' }
  if (policy?.hold === false) return { passes: false, says: 'codes are not held' }
  if (!forward) return { passes: false, says: 'not judged' }
  return !policy?.destinations || policy.destinations.includes(forward.destination.origin)
    ? { passes: true, says: 'allowed' }
    : { passes: false, says: 'not to this destination' }
}

export const judgeCode = ({ template, sessionId }: ForwardRequest): DryRunVerdicts['code'] =>
  template.uses.has('code')
    ? { passes: true, says: 'not looked up', address: sessionId ? 'session' : 'token' }
    : { passes: true, says: 'no code wanted', address: undefined }

export const judgeBody = ({ method }: ForwardRequest, body: string | undefined): DryRunVerdicts['body'] => {
  if (method === 'GET') return { passes: true, says: 'none', bytes: undefined }
  if (body === undefined) return { passes: false, says: 'not rendered', bytes: undefined }
  const bytes = utf8Length(body)
  return bytes <= maxRequestBytes
    ? { passes: true, says: 'fits', bytes }
    : { passes: false, says: 'too large', bytes }
}
