import type { DryRun, DryRunVerdicts, Verdict } from '@cardkeep/core/operations/forwards/dry-run'
import type { Reply } from '../../http/route.ts'

/** Cardkeep's own: what a forward would do, in the spelling of this API. */
export const encodeDryRun = ({ passes, request, placeholders, verdicts }: DryRun): Reply => ({
  status: 200,
  headers: { 'cardkeep-sent': 'no' },
  body: {
    success: true,
    dry_run: {
      passes,
      request: {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body ?? null,
      },
      placeholders: placeholders.map(({ value, form, resolves }) => ({
        value: snake(value),
        form,
        resolves: snake(resolves),
      })),
      verdicts: encodeVerdicts(verdicts),
    },
  },
})

const encodeVerdicts = (verdicts: DryRunVerdicts): object => {
  const { token, destination, headers, address, tls, policy, code, body } = verdicts
  return {
    token: plain(token),
    destination: { ...plain(destination), rule: encodeRule(destination.rule) },
    headers: { ...plain(headers), header: headers.header ?? null },
    address: { ...plain(address), addresses: address.addresses },
    tls: { ...plain(tls), protocol: tls.protocol ?? null },
    policy: plain(policy),
    code: { ...plain(code), address: code.address ?? null },
    body: { ...plain(body), bytes: body.bytes ?? null },
  }
}

const plain = ({ passes, says }: Verdict<string>): { passes: boolean; says: string } => ({
  passes,
  says: snake(says),
})

const encodeRule = (rule: DryRunVerdicts['destination']['rule']): object | null =>
  rule
    ? { id: rule.id, origin: rule.origin, path_prefix: rule.pathPrefix ?? null, methods: rule.methods }
    : null

const snake = (text: string): string => text.replaceAll(' ', '_')
