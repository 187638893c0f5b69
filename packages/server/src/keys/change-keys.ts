import type { Actor } from '@cardkeep/core/audit/entry'
import type { Change } from '@cardkeep/core/changes'
import { type KeyId, parseId, type TenantId } from '@cardkeep/core/kernel/ids'
import type { KeyOwner, KeyRecord } from '@cardkeep/core/keys'
import type { Clock, Ids } from '@cardkeep/core/ports'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { type KeyKind, type KeyRole, kindOf, kindsOf } from './key-kinds.ts'
import { createKeyRecord, rewrapKeyRecord } from './key-record.ts'
import { sealKeySet } from './key-set.ts'
import type { KeySnapshot } from './key-snapshot.ts'
import type { LoadPorts } from './load-keys.ts'

export interface KeyPorts extends LoadPorts {
  readonly clock: Clock
  readonly ids: Ids
}

export interface OwnerOfKeys {
  readonly owner: KeyOwner
  /** `undefined` for the vault's own keys. */
  readonly environment: Environment | undefined
  readonly roles?: readonly KeyRole[]
}

/** The keys of owners that are about to exist, and of others those that they lack, with the set that then stands. */
export const planNewKeys = async (
  ports: KeyPorts,
  snapshot: KeySnapshot,
  owners: readonly OwnerOfKeys[],
): Promise<readonly Change[]> => {
  const made: KeyRecord[] = []
  const there = new Set(snapshot.records.map(({ purpose, owner }) => nameOf(purpose, owner)))
  for (const { owner, environment, roles } of owners)
    for (const kind of kindsOf(owner.type, roles)) {
      if (there.has(nameOf(kind.purpose, owner))) continue
      needsEnvironment(owner, environment)
      made.push(await createKey(ports, kind, owner, environment, 1))
    }
  if (made.length === 0) return []
  const audits = made.map((record) =>
    auditKey(ports, 'key.created', record, { type: 'vault', id: undefined }),
  )
  return [...made.map(putKey), await putKeySet(ports, snapshot, [...snapshot.records, ...made]), ...audits]
}

/** For each of these keys the next version; the key itself then only opens. */
export const planRotation = async (
  ports: KeyPorts,
  snapshot: KeySnapshot,
  rotated: readonly { readonly record: KeyRecord; readonly kind: KeyKind }[],
  actor: Actor,
): Promise<readonly Change[]> => {
  if (rotated.length === 0) return []
  const changes: Change[] = []
  const after = new Map(snapshot.records.map((record) => [record.id, record]))
  for (const { record, kind } of rotated) {
    const next = await createKey(ports, kind, record.owner, record.environment, record.version + 1)
    const retired = await rewrapKeyRecord(ports.provider, record, 'decrypt-only')
    const { id, state, wrapped } = retired
    changes.push({ type: 'set-key-state', id, state, wrapped }, putKey(next))
    changes.push(auditKey(ports, 'key.rotated', next, actor))
    after.set(id, retired).set(next.id, next)
  }
  return [...changes, await putKeySet(ports, snapshot, [...after.values()])]
}

/**
 * The vault, and whoever has keys already: a version that knows more kinds of them finds owners without. Whoever has a key of
 * a role has the role.
 */
export const knownOwners = ({ records }: KeySnapshot): readonly OwnerOfKeys[] => {
  const owners = new Map<string, OwnerOfKeys>([['vault ', vaultOwner]])
  for (const record of records) {
    const { owner, environment } = record
    const name = `${owner.type} ${owner.id}`
    const role = kindOf(record)?.role
    const roles = [...(owners.get(name)?.roles ?? []), ...(role ? [role] : [])]
    owners.set(name, { owner, environment, roles })
  }
  return [...owners.values()]
}

const vaultOwner: OwnerOfKeys = { owner: { type: 'vault', id: '' }, environment: undefined }

const nameOf = (purpose: string, { type, id }: KeyOwner): string => `${purpose} ${type} ${id}`

// PCI DSS 3.6.1.1: no key serves test and live. The vault's own keys touch no card and belong to neither.
const needsEnvironment = (owner: KeyOwner, environment: Environment | undefined): void => {
  if ((owner.type === 'vault') !== (environment === undefined))
    throw new Error(
      'keys of a scope or a tenant are for test or for live, and those of the vault for neither',
    )
}

const createKey = (
  { provider, clock, ids }: KeyPorts,
  kind: KeyKind,
  owner: KeyOwner,
  environment: Environment | undefined,
  version: number,
): Promise<KeyRecord> =>
  createKeyRecord(provider, {
    id: ids.uuid() as KeyId,
    kind,
    owner,
    environment,
    version,
    createdAt: clock.now(),
  })

const putKey = (key: KeyRecord): Change => ({ type: 'put-key', key })

const putKeySet = async (
  { provider }: KeyPorts,
  { keySet }: KeySnapshot,
  records: readonly KeyRecord[],
): Promise<Change> => ({
  type: 'put-key-set',
  keySet: await sealKeySet(provider, (keySet?.counter ?? 0) + 1, records),
})

const auditKey = (
  { clock }: KeyPorts,
  action: 'key.created' | 'key.rotated',
  { id, purpose, owner, version }: KeyRecord,
  actor: Actor,
): Change => ({
  type: 'audit',
  entry: {
    at: clock.now(),
    action,
    outcome: 'success',
    tenantId: owner.type === 'tenant' ? parseId<TenantId>(owner.id) : undefined,
    actor,
    origin: undefined,
    requestId: undefined,
    subject: { type: 'key', id },
    details: { purpose, ownerType: owner.type, ownerId: owner.id, version },
  },
})
