import { constants } from 'node:os'
import { UnavailableError } from '@cardkeep/core/errors'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { Command } from 'commander'
import type { Vault } from '../../compose/open-vault.ts'
import { createRotationPorts } from '../../compose/rotation-ports.ts'
import { type AllRotated, rotateAllDue } from '../../issuing/rotate-all-due.ts'
import { describeBug } from '../../log/log.ts'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'
import { showProgress } from '../progress.ts'
import { nextStopSignal, type StopSignal } from '../stop-signals.ts'

export const rotateDueCommand = (): Command =>
  new Command('rotate-due')
    .description('rotate the CVVs that are due; a running vault does so by itself')
    .requiredOption('--now', 'all that are due now, and wait for them')
    .option('--tenant <name>', 'of this issuer alone')
    .addOption(jsonOption())
    .action((options: { now: true; tenant?: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        if (await vault.store.isSealed()) throw new CommandFailure('the vault is sealed, and nothing rotates')
        const tenantId = await findIssuer(vault, options.tenant)
        const at = vault.clock.now()
        const stop = hearStop()
        const progress = showProgress(await vault.store.countDueRotations(at, tenantId), {
          ...options,
          hearsStop: true,
        })
        const ports = createRotationPorts(vault)
        try {
          const all = await rotateAllDue(ports, {
            ...{ at, tenantId },
            actor: { type: 'operator', id: operator.name },
            isSealed: () => vault.store.isSealed(),
            stopped: stop.stopped,
            heard: progress.add,
          })
          progress.end()
          const { rotated, overtaken, ended, failed, stillDue } = all
          out.answer({ rotated, overtaken, ended, failed, still_due: stillDue })
          failUnlessDone(all, stop.signal())
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error
          throw new CommandFailure(`${error.message}; ${leftBehind}`)
        } finally {
          stop.forget()
          progress.end()
          ports.close()
        }
      }),
    )

const leftBehind =
  'cards that were claimed and not rotated are left, and can be claimed again in half a minute'

const hearStop = () => {
  const [forgotten, stopped] = [new AbortController(), new AbortController()]
  let heard: StopSignal | undefined
  void nextStopSignal(forgotten.signal).then((signal) => {
    heard = signal
    stopped.abort()
  })
  return { stopped: stopped.signal, signal: () => heard, forget: () => forgotten.abort() }
}

const failUnlessDone = ({ failed, failure, stillDue }: AllRotated, signal: StopSignal | undefined): void => {
  const parts: string[] = []
  if (signal) parts.push(`stopped by ${signal}: of what was due, ${stillDue} cards are left`)
  if (failed > 0) {
    const { error, stack } = describeBug(failure)
    parts.push(`${failed} cards could not be rotated; why the first could not: ${error} ${stack}`.trimEnd())
  }
  if (!signal && stillDue > failed)
    parts.push(`${stillDue - failed} cards that others have claimed are still due, or the vault was sealed`)
  // As a shell tells of what a signal ended.
  if (parts.length > 0)
    throw new CommandFailure(parts.join('; '), signal ? 128 + constants.signals[signal] : 1)
}

/** `undefined`: all of them. */
export const findIssuer = async (
  { store }: Pick<Vault, 'store'>,
  tenant: string | undefined,
): Promise<TenantId | undefined> => {
  if (tenant === undefined) return undefined
  const { id } = orFail(await findTenant(store, tenant))
  return (await store.issuer(id)) ? id : orFail({ ok: false, error: { type: 'NotAnIssuer' } })
}
