import type { Change } from '@cardkeep/core/changes'
import type { VaultEvent } from '@cardkeep/core/events/event'
import type { IssuerSettings, ReadyIssuer } from '@cardkeep/core/issuing/issuer'
import type { Caller } from '@cardkeep/core/operations/caller'
import { type CreateIssuedCard, createIssuedCard } from '@cardkeep/core/operations/issuing/create-issued-card'
import type { IssuingPorts } from '@cardkeep/core/operations/issuing/issuing-ports'
import type { UpdateIssuedCard } from '@cardkeep/core/operations/issuing/update-issued-card'
import type { RotatingCard } from '@cardkeep/core/ports'
import type { SqliteStore } from '@cardkeep/server/storage/sqlite/store'
import { interceptCommits } from './commits.ts'
import { addIssuer } from './issuer.ts'
import { callerOf, openTestVault, type TestVault } from './vault.ts'

/** A vault with an issuer of BIN 400000, and what it committed since. */
export interface IssuingBench {
  readonly vault: TestVault & IssuingPorts & { readonly store: SqliteStore }
  readonly issuer: ReadyIssuer
  /** For account 77. */
  readonly caller: Caller
  /** For all accounts of the issuer. */
  readonly issuerCaller: Caller
  readonly commits: (readonly Change[])[]
  /** Those that were committed. */
  events(): readonly VaultEvent[]
  /** Action and subject of those that were committed. */
  entries(): readonly (readonly [string, string])[]
}

export const account = 77

export const openIssuingBench = async (settings: Partial<IssuerSettings> = {}): Promise<IssuingBench> => {
  const opened = await openTestVault()
  const issuer = await addIssuer(opened, 'issuer', settings)
  const bin = { tenantId: issuer.tenantId, bin: '400000', createdAt: opened.clock.now() }
  await opened.store.commit([{ type: 'add-issuer-bin', bin }])
  const tenant = await opened.store.tenant(issuer.tenantId)
  if (!tenant) throw new Error('an issuer without its tenant')
  const commits: (readonly Change[])[] = []
  const store = interceptCommits(opened.store, async (changes, commit) => {
    const written = await commit()
    if (written.ok) commits.push(changes)
    return written
  })
  const issuerCaller = callerOf(tenant)
  return {
    vault: { ...opened, store, readiness: { isSealed: () => false } },
    issuer,
    caller: callerForAccount(issuerCaller, account),
    issuerCaller,
    commits,
    events: () => commits.flat().flatMap((change) => (change.type === 'emit-event' ? [change.event] : [])),
    entries: () =>
      commits
        .flat()
        .flatMap((change) =>
          change.type === 'audit' ? [[change.entry.action, change.entry.subject?.id ?? ''] as const] : [],
        ),
  }
}

export const callerForAccount = (caller: Caller, accountId: number): Caller => ({
  ...caller,
  principal: { ...caller.principal, accountId },
})

export const cardWish: CreateIssuedCard = {
  ...{ customerId: 5, name: 'travel', printedName: 'JANE HOLDER', rotationHours: 24 },
  ...{ contactless: true, accountUpdater: false, transactionLimit: undefined, metadata: undefined },
}

export const issueCard = async (
  { vault, caller }: Pick<IssuingBench, 'vault' | 'caller'>,
  parts: Partial<CreateIssuedCard> = {},
): Promise<RotatingCard> => {
  const made = await createIssuedCard(vault, caller, { ...cardWish, ...parts })
  if (!made.ok) throw new Error(`a test card was not issued: ${made.error.type}`)
  // With bytes as they come from a store, so that both compare.
  return structuredClone(made.value)
}

/** An update of nothing. */
export const noUpdate: Omit<UpdateIssuedCard, 'cardId'> = {
  ...{ name: undefined, printedName: undefined, status: undefined, contactless: undefined },
  ...{ accountUpdater: undefined, transactionLimit: undefined, metadata: undefined },
}
