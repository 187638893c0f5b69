import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { Change } from '@cardkeep/core/changes'
import { hotChanges } from '../hot-changes.ts'
import { planChange, type Step } from '../sql/plan.ts'
import { idValue, type SqlValue } from '../sql/values.ts'
import type { PostgresStatementName } from './statements.ts'

/** What one list of changes asks of a transaction. */
export interface ListPlan {
  /** In order, without its entries of the audit log and what opens and closes a transaction. */
  readonly steps: readonly ListStep[]
  readonly entries: readonly AuditEntry[]
  /** Nothing in it depends on the order in which it stands among other such lists. */
  readonly isLoose: boolean
  /** Nodes remember something of what it changes. */
  readonly isRemembered: boolean
  readonly lines: LineWishes
  readonly rows: RowWishes
  /** Lists that want the same row come in the same order everywhere, so that two nodes do not wait for each other. */
  readonly order: string
}

export interface ListStep extends Omit<Step, 'statement'> {
  readonly statement: PostgresStatementName
  readonly change: Change['type']
}

/** Which lines of the outbox it may change, before anyone knows which there are. */
export interface LineWishes {
  readonly events: readonly EventWish[]
  readonly nos: readonly number[]
  /** Which webhooks there are may be another afterwards. */
  readonly changesWebhooks: boolean
}

export interface EventWish {
  readonly tenantId: SqlValue
  readonly type: string
  readonly subjectId: SqlValue
}

/** Rows that it changes or holds, as they are named. */
export interface RowWishes {
  readonly tokens: readonly SqlValue[]
  readonly fingerprints: readonly (readonly [scopeId: SqlValue, hash: SqlValue])[]
  /** They are several that are there already, in an order of its own. */
  readonly areSeveral: boolean
}

/** Lists that wait for nothing but room come first, also where each is written by itself. */
export const byOrder = (a: ListPlan, b: ListPlan): number =>
  Number(b.isLoose) - Number(a.isLoose) || compare(a.order, b.order)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Throws where something in the list cannot be stored at all. */
export const planList = (changes: readonly Change[]): ListPlan => ({
  steps: planSteps(changes),
  entries: changes.flatMap((change) => (change.type === 'audit' ? [change.entry] : [])),
  isLoose: changes.every(({ type }) => loose.has(type)),
  isRemembered: changes.some(({ type }) => !hotChanges.has(type)),
  lines: planLines(changes),
  rows: planRows(changes),
  order: orderOf(changes),
})

/**
 * Erasures come first and leave the fingerprint to the end: a list may put a token in the place of the one that it
 * erases, in either order, and the fingerprint goes only if nothing has it after the whole list.
 */
const planSteps = (changes: readonly Change[]): readonly ListStep[] => {
  const erasures: ListStep[] = []
  const others: ListStep[] = []
  for (const change of inOrder(changes)) {
    if (change.type === 'erase-token')
      erasures.push({
        statement: 'eraseToken',
        values: [idValue(change.token.id), change.token.version],
        expects: 'row',
        change: change.type,
      })
    else if (change.type !== 'audit')
      others.push(
        ...lockingOf(change),
        ...planChange(change).map((step) => ({ ...step, change: change.type })),
      )
  }
  if (erasures.length === 0) return others
  const around = (statement: PostgresStatementName): ListStep => locking('erase-token', statement)
  return [around('beginErasing'), ...erasures, ...others, around('lockErased'), around('eraseFingerprints')]
}

const locking = (
  change: Change['type'],
  statement: PostgresStatementName,
  ...values: readonly SqlValue[]
): ListStep => ({ statement, values, expects: 'nothing', change })

/** What must stay as it is from before the statement that looks at it: that one sees what was committed until then. */
const lockingOf = (change: Change): readonly ListStep[] => {
  if (change.type === 'release-fingerprint') {
    const { scopeId, hash } = change.fingerprint
    return [locking(change.type, 'lockFingerprint', idValue(scopeId), hash)]
  }
  if (change.type === 'end-network-tokens' && change.isTokenErased)
    return [locking(change.type, 'lockNetworkTokens', idValue(change.tokenId))]
  if (change.type === 'add-issuer-bin') return [locking(change.type, 'lockIssuerBins')]
  // One that comes refers to the issuer, and waits.
  if (change.type === 'remove-cvk-components')
    return [locking(change.type, 'lockIssuer', idValue(change.tenantId))]
  return []
}

/** What is said of webhooks comes last, in an order that all nodes have: two may deliver to the same ones. */
const inOrder = (changes: readonly Change[]): readonly Change[] => {
  const [others, healths] = [changes.filter((change) => !isHealth(change)), changes.filter(isHealth)]
  return healths.length === 0 ? changes : [...others, ...healths.toSorted((a, b) => compare(a.id, b.id))]
}

const isHealth = (change: Change): change is Extract<Change, { type: 'set-webhook-health' }> =>
  change.type === 'set-webhook-health'

const planLines = (changes: readonly Change[]): LineWishes => {
  const events: EventWish[] = []
  const nos: number[] = []
  let changesWebhooks = false
  for (const change of changes)
    switch (change.type) {
      case 'emit-event':
        events.push({
          tenantId: idValue(change.event.tenantId),
          type: change.event.type,
          subjectId: idValue(change.event.subject.id),
        })
        break
      case 'settle-delivery':
      case 'give-up-delivery':
      case 'replay-delivery':
        nos.push(change.no)
        break
      case 'put-webhook':
      case 'remove-webhook':
        changesWebhooks = true
        break
      default:
        break
    }
  return { events, nos, changesWebhooks }
}

const planRows = (changes: readonly Change[]): RowWishes => {
  const tokens: SqlValue[] = []
  const fingerprints: (readonly [SqlValue, SqlValue])[] = []
  let changed = 0
  for (const change of changes) {
    if (onTokens.has(change.type) && 'token' in change) tokens.push(idValue(change.token.id))
    const fingerprint = fingerprintOf(change)
    if (fingerprint) fingerprints.push([idValue(fingerprint.scopeId), fingerprint.hash])
    if (onTokens.has(change.type) || onFingerprints.has(change.type)) changed++
  }
  return { tokens, fingerprints, areSeveral: changed > 1 }
}

/** These wait for a row that is there. */
const onTokens: ReadonlySet<Change['type']> = new Set(['replace-token', 'expect-token', 'erase-token'])
const onFingerprints: ReadonlySet<Change['type']> = new Set(['keep-fingerprint', 'release-fingerprint'])

const fingerprintOf = (change: Change) => {
  if ('fingerprint' in change) return change.fingerprint
  return change.type === 'put-token' || change.type === 'replace-token' ? change.token.fingerprint : undefined
}

const orderOf = (changes: readonly Change[]): string => {
  const [health] = changes
    .filter(isHealth)
    .map(({ id }) => id)
    .toSorted()
  // It changes several rows, so it comes after those that change one.
  if (health !== undefined) return `3 ${health}`
  for (const change of changes) {
    const row = rowOf(change)
    if (row !== undefined) return row
  }
  return ''
}

/** The first number says of which table: one that many requests change comes before one that few do. */
const rowOf = (change: Change): string | undefined => {
  if ('fingerprint' in change) return `1 ${Buffer.from(change.fingerprint.hash).toString('hex')}`
  if ('networkToken' in change) return `1 ${change.networkToken.tokenId}`
  if (change.type === 'end-network-tokens') return `1 ${change.tokenId}`
  if ('token' in change) return `1 ${change.token.id}`
  if ('claim' in change) return `1 ${Buffer.from(change.claim.name).toString('hex')}`
  const cardRow = cardRowOf(change)
  if (cardRow !== undefined) return cardRow
  if ('issuer' in change) return `2 ${change.issuer.tenantId}`
  if ('component' in change) return `2 ${change.component.tenantId}`
  if (change.type === 'set-code-policy' || change.type === 'remove-cvk-components')
    return `2 ${change.tenantId}`
  if (change.type === 'set-network-tokens') return `2 ${change.scopeId}`
  return 'id' in change ? `2 ${change.id}` : undefined
}

/** Of one card, first the row of what it is, then how its CVV rotates, then what was tried: a list names them in this order. */
const cardRowOf = (change: Change): string | undefined => {
  if (change.type === 'put-issued-card' || change.type === 'replace-issued-card')
    return cardRow(change.card.id, 1)
  if (change.type === 'replace-rotation') return cardRow(change.rotation.cardId, 2)
  return change.type === 'put-cvv-tries' ? cardRow(change.tries.cardId, 3) : undefined
}

/** As text in the order of the numbers, in which one statement locks many. */
const cardRow = (id: number, table: number): string => `1 card ${String(id).padStart(16, '0')} ${table}`

/**
 * They add rows, or change one each, and look at nothing that another of them changes, so those of many lists may be written
 * together, statement by statement: what they expect holds in every order of the lists, or in none that is tried.
 */
const loose: ReadonlySet<Change['type']> = new Set([
  'put-fingerprint',
  'put-token',
  'replace-rotation',
  'emit-event',
  'audit',
])
