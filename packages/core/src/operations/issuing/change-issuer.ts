import type { Change } from '../../changes.ts'
import { binForm } from '../../issuing/card-number.ts'
import {
  type AccessKey,
  type Cvk,
  type CvkCheckValues,
  type CvkComponent,
  type Issuer,
  type IssuerBin,
  type IssuerSettings,
  issuerLimits,
  type StoredCvkComponent,
} from '../../issuing/issuer.ts'
import type { AccessKeyId } from '../../kernel/ids.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { AccessKeyMaker, Clock, CvkKeeper, Ids, KeyMaker, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

export type ChangeIssuerPorts = {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly keys: KeyMaker
  readonly cvks: CvkKeeper
  readonly accessKeys: AccessKeyMaker
}

export interface EnableIssuer {
  readonly settings: IssuerSettings
  /** `later`: from its custodians, one by one. All at once only for test tenants. */
  readonly cvk: 'generate' | 'later' | readonly CvkComponent[]
}

/** Keys are added to one set: of scripts that make many at once, one gets through each time. */
const attempts = 32

/** Of a live issuer nobody knows all parts (PCI DSS 3.7.6). */
const leastComponentsLive = 2

/** Makes a tenant an issuer, with keys of its own and the pair that signs its access tokens. */
export const enableIssuer = async (
  ports: ChangeIssuerPorts,
  operator: Operator,
  tenant: Tenant,
  { settings, cvk: wish }: EnableIssuer,
): Promise<Result<Issuer, OperatorRefusal>> => {
  const { store, clock, ids, accessKeys } = ports
  needsSettings(settings)
  if (await store.issuer(tenant.id)) return refuse({ type: 'IssuerEnabledAlready' })
  if (typeof wish === 'object' && tenant.environment === 'live') return refuse({ type: 'CvkInOnePiece' })
  // Before all else and in a commit of their own: what stands in the next is sealed under them.
  if (!(await makeKeys(ports, tenant))) return refuse({ type: 'Contended' })
  const cvk = await cvkOf(ports, tenant, wish)
  if (!cvk.ok) return cvk
  const place = { id: ids.uuid() as AccessKeyId, tenantId: tenant.id }
  const accessKey: AccessKey = {
    ...place,
    ...(await accessKeys.make(place)),
    createdAt: clock.now(),
    retiredAt: undefined,
  }
  const at = clock.now()
  const issuer: Issuer = {
    tenantId: tenant.id,
    settings,
    cvk: cvk.value,
    componentsExpected: undefined,
    createdAt: at,
  }
  const committed = await store.commit([
    { type: 'put-issuer', issuer },
    { type: 'put-access-key', key: accessKey },
    auditIssuer(operator, at, 'issuer.enabled', tenant, { ...settings }),
    operatorAudit(operator, at, 'access-key.created', { type: 'access-key', id: accessKey.id }, tenant.id),
    ...(issuer.cvk
      ? [
          auditIssuer(operator, at, 'issuer.cvk-made', tenant, {
            ...spellCheckValues(issuer.cvk.checkValues),
            ...(wish === 'generate' ? { generated: true } : { components: wish.length }),
          }),
        ]
      : []),
  ])
  // Another has just enabled it.
  return committed.ok ? ok(issuer) : refuse({ type: 'IssuerEnabledAlready' })
}

export const changeIssuer = async (
  { store, clock }: Pick<ChangeIssuerPorts, 'store' | 'clock'>,
  operator: Operator,
  tenant: Tenant,
  settings: Partial<IssuerSettings>,
): Promise<Result<Issuer, OperatorRefusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await store.issuer(tenant.id)
    if (!before) return refuse({ type: 'NotAnIssuer' })
    const issuer: Issuer = { ...before, settings: { ...before.settings, ...settings } }
    needsSettings(issuer.settings)
    const committed = await store.commit([
      replaceIssuer(before, issuer),
      auditIssuer(operator, clock.now(), 'issuer.changed', tenant, { ...settings }),
    ])
    if (committed.ok) return ok(issuer)
  }
  return refuse({ type: 'Contended' })
}

export const addIssuerBin = async (
  { store, clock }: Pick<ChangeIssuerPorts, 'store' | 'clock'>,
  operator: Operator,
  tenant: Tenant,
  bin: string,
): Promise<Result<IssuerBin, OperatorRefusal>> => {
  if (!binForm.test(bin)) return refuse({ type: 'NotABin' })
  if (!(await store.issuer(tenant.id))) return refuse({ type: 'NotAnIssuer' })
  for (let attempt = 0; attempt < attempts; attempt++) {
    const refusal = await refuseBin(store, tenant, bin)
    if (refusal) return refuse(refusal)
    const added: IssuerBin = { tenantId: tenant.id, bin, createdAt: clock.now() }
    const committed = await store.commit([
      { type: 'add-issuer-bin', bin: added },
      auditIssuer(operator, added.createdAt, 'issuer.bin-added', tenant, { bin }),
    ])
    if (committed.ok) return ok(added)
    // Another came first: which one is seen when all are read again.
  }
  return refuse({ type: 'Contended' })
}

const refuseBin = async (
  store: Store,
  { id, environment }: Tenant,
  bin: string,
): Promise<OperatorRefusal | undefined> => {
  const bins = await store.issuerBins(undefined)
  const own = bins.filter(({ tenantId }) => tenantId === id)
  if (own.some((known) => known.bin === bin)) return { type: 'BinAddedAlready' }
  if (own.length >= issuerLimits.bins) return { type: 'TooManyBins' }
  // Numbers of a live issuer are real ones: nobody else makes any, and least of all a test tenant (PCI DSS 6.5.5).
  for (const other of bins) {
    if (other.tenantId === id || !isOverlap(other.bin, bin)) continue
    if (environment === 'live' || (await store.tenant(other.tenantId))?.environment === 'live')
      return { type: 'BinOfAnother' }
  }
  return undefined
}

export interface AddedComponent {
  readonly component: StoredCvkComponent
  /** How many are here, with this one; all of them once the keys are made. */
  readonly count: number
  readonly expected: number
  readonly issuer: Issuer
}

/** Takes one custodian's component of the card verification keys; with the last one the keys are made and no component stays. */
export const addCvkComponent = async (
  ports: Pick<ChangeIssuerPorts, 'store' | 'clock' | 'cvks'>,
  operator: Operator,
  tenant: Tenant,
  { custodian, component, expected }: CvkComponentWish,
): Promise<Result<AddedComponent, OperatorRefusal>> => {
  const { store, clock, cvks } = ports
  if (expected < leastComponentsLive && tenant.environment === 'live')
    return refuse({ type: 'CvkInOnePiece' })
  const place = { tenantId: tenant.id, custodian: foldName(custodian) }
  for (let attempt = 0; attempt < attempts; attempt++) {
    const issuer = await store.issuer(tenant.id)
    if (!issuer) return refuse({ type: 'NotAnIssuer' })
    if (issuer.cvk) return refuse({ type: 'CvkComplete' })
    if ((issuer.componentsExpected ?? expected) !== expected)
      return refuse({ type: 'ComponentCountDiffers', expected: issuer.componentsExpected ?? expected })
    const before = await store.cvkComponents(tenant.id)
    if (before.some((known) => known.custodian === place.custodian)) return refuse({ type: 'CustodianTwice' })
    // Where the last one came and the program ended before the keys were made.
    if (before.length >= expected) {
      const made = await makeCvk(ports, operator, tenant)
      return made.ok ? refuse({ type: 'CvkComplete' }) : made
    }
    const sealed = await cvks.sealComponent(place, component)
    if (!sealed.ok) return sealed
    const stored: StoredCvkComponent = { ...place, ...sealed.value, createdAt: clock.now() }
    const waiting: Issuer = { ...issuer, componentsExpected: expected }
    const committed = await store.commit([
      replaceIssuer(issuer, waiting),
      { type: 'put-cvk-component', component: stored },
      auditIssuer(operator, stored.createdAt, 'issuer.cvk-component-added', tenant, {
        custodian,
        expected,
        ...spellCheckValues(stored.checkValues),
      }),
    ])
    if (!committed.ok) continue
    // Read anew: of two that came at once each sees the other, and whoever is later makes the keys.
    const count = (await store.cvkComponents(tenant.id)).length
    const made = count >= expected ? await makeCvk(ports, operator, tenant) : ok(waiting)
    return made.ok ? ok({ component: stored, count, expected, issuer: made.value }) : made
  }
  return refuse({ type: 'Contended' })
}

export interface CvkComponentWish {
  /** As it was typed; the audit log has it so. */
  readonly custodian: string
  readonly component: CvkComponent
  readonly expected: number
}

/** Forgets the components that are here, so that the custodians can begin again. */
export const removeCvkComponents = async (
  { store, clock }: Pick<ChangeIssuerPorts, 'store' | 'clock'>,
  operator: Operator,
  tenant: Tenant,
): Promise<Result<void, OperatorRefusal>> => {
  const issuer = await store.issuer(tenant.id)
  if (!issuer) return refuse({ type: 'NotAnIssuer' })
  if (issuer.cvk) return refuse({ type: 'CvkComplete' })
  const count = (await store.cvkComponents(tenant.id)).length
  const committed = await store.commit([
    { type: 'remove-cvk-components', tenantId: tenant.id, count },
    replaceIssuer(issuer, { ...issuer, componentsExpected: undefined }),
    auditIssuer(operator, clock.now(), 'issuer.changed', tenant, { componentsRemoved: count }),
  ])
  return committed.ok ? done : refuse({ type: 'Contended' })
}

/** Of all components that are here. Where another has just made the keys, they are the same. */
const makeCvk = async (
  ports: Pick<ChangeIssuerPorts, 'store' | 'clock' | 'cvks'>,
  operator: Operator,
  tenant: Tenant,
): Promise<Result<Issuer, OperatorRefusal>> => {
  const { store, clock, cvks } = ports
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await store.issuer(tenant.id)
    if (!before) return refuse({ type: 'NotAnIssuer' })
    if (before.cvk) return ok(before)
    const components = await store.cvkComponents(tenant.id)
    // They were forgotten since they were counted, and some came again: of these alone fewer people would know the keys.
    if (components.length !== before.componentsExpected) return refuse({ type: 'Contended' })
    const made = await cvks.combine(tenant, components)
    if (!made.ok) {
      const removed = await removeCvkComponents(ports, operator, tenant)
      return removed.ok ? made : removed
    }
    const at = clock.now()
    const issuer: Issuer = { ...before, cvk: { ...made.value, createdAt: at } }
    const committed = await store.commit([
      { type: 'remove-cvk-components', tenantId: tenant.id, count: components.length },
      replaceIssuer(before, issuer),
      auditIssuer(operator, at, 'issuer.cvk-made', tenant, {
        ...spellCheckValues(made.value.checkValues),
        components: components.length,
      }),
    ])
    if (committed.ok) return ok(issuer)
  }
  return refuse({ type: 'Contended' })
}

/** Those of the role, which are made once. Keys that nothing uses yet do no harm where the program ends after them. */
const makeKeys = async (
  { store, keys }: Pick<ChangeIssuerPorts, 'store' | 'keys'>,
  { id, environment }: Tenant,
): Promise<boolean> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const prepared = await keys.keysFor([{ owner: { type: 'tenant', id }, environment, roles: ['issuer'] }])
    if (prepared.changes.length === 0) return true
    if (!(await store.commit(prepared.changes)).ok) continue
    await prepared.committed()
    return true
  }
  return false
}

const cvkOf = async (
  { clock, cvks }: Pick<ChangeIssuerPorts, 'clock' | 'cvks'>,
  tenant: Tenant,
  wish: EnableIssuer['cvk'],
): Promise<Result<Cvk | undefined, OperatorRefusal>> => {
  if (wish === 'later') return ok(undefined)
  const createdAt = clock.now()
  if (wish === 'generate') return ok({ ...(await cvks.generate(tenant.id)), createdAt })
  const components: StoredCvkComponent[] = []
  for (const [at, component] of wish.entries()) {
    const place = { tenantId: tenant.id, custodian: `${at + 1} of ${wish.length}` }
    const sealed = await cvks.sealComponent(place, component)
    if (!sealed.ok) return sealed
    components.push({ ...place, ...sealed.value, createdAt })
  }
  const made = await cvks.combine(tenant, components)
  return made.ok ? ok({ ...made.value, createdAt }) : made
}

// Precondition: settings are within their limits; whoever reads them checks that.
const needsSettings = (settings: IssuerSettings): void => {
  for (const name of ['graceMs', 'jitterMs', 'pciDelayMs'] as const)
    if (!(settings[name] >= 0 && settings[name] <= issuerLimits[name]))
      throw new Error(`${name} of an issuer is from 0 to ${issuerLimits[name]}`)
}

const replaceIssuer = (before: Issuer, issuer: Issuer): Change => ({
  type: 'replace-issuer',
  issuer,
  hadCvk: before.cvk !== undefined,
  componentsBefore: before.componentsExpected,
})

/** As names of custodians are compared and kept: whoever types theirs in another way is no other. */
const foldName = (name: string): string => name.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')

const isOverlap = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a)

const spellCheckValues = ({ a, b }: CvkCheckValues) => ({ checkValueA: a, checkValueB: b })

const auditIssuer = (
  operator: Operator,
  at: EpochMs,
  action:
    | 'issuer.enabled'
    | 'issuer.changed'
    | 'issuer.bin-added'
    | 'issuer.cvk-component-added'
    | 'issuer.cvk-made',
  { id }: Tenant,
  details: Readonly<Record<string, string | number | boolean>>,
): Change => operatorAudit(operator, at, action, { type: 'issuer', id }, id, details)
