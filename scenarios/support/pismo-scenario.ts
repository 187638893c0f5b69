import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CvkPair } from './cvv-model.ts'
import { splitPair } from './cvv-model.ts'
import { type Bank, type ClientKeys, createBank } from './pismo.ts'
import { eventFaultOf } from './pismo-schemas.ts'
import { type ReceivedEvent, type Receiver, startReceiver } from './receiver.ts'
import type { Ground, Scenario } from './scenario.ts'
import { until } from './until.ts'

/**
 * Numbers of scenarios begin with it. Of the load range, so that the end of the run finds each of them wherever it was
 * written.
 */
export const scenarioBin = '4000009'

/** Of published vectors. */
export const knownPair: CvkPair = { a: '0123456789ABCDEF', b: 'FEDCBA9876543210' }

/** What it is made of here. */
export const knownComponents: readonly CvkPair[] = splitPair(knownPair, [
  { a: '4C37C8319D76ADAB', b: '58D9431543C2165B' },
])

export interface Enabled {
  /** `TN-` and the id, as the API spells it. */
  readonly orgId: string
  readonly tenantId: string
  readonly keys: ClientKeys & { readonly credential_id: string }
}

export interface OpenedBank extends Bank, Enabled {}

type Commands = Pick<Ground, 'command' | 'folder'>

/** A tenant that issues cards, with a credential: made by commands, whether a vault runs or not. */
export const enableBank = async (
  ground: Commands,
  name: string,
  words: readonly string[] = [],
): Promise<Enabled> => {
  const { command } = ground
  await command('tenant', 'create', name)
  const ofBank = ['--tenant', name]
  const enabled = await withFile(ground, pairFile(knownComponents), (file) =>
    command<{ tenant_id: string }>('issuer', 'enable', ...ofBank, '--cvk', file, ...words),
  )
  await command('issuer', 'bin', 'add', ...ofBank, '--bin', scenarioBin)
  const keys = await command<Enabled['keys']>('credential', 'create', ...ofBank, '--dialect', 'pismo')
  return { orgId: `TN-${enabled.tenant_id}`, tenantId: enabled.tenant_id, keys }
}

/** The same with its client, once the running vault knows it. */
export const openBank = async (
  scenario: Commands & Pick<Scenario, 'vault'>,
  name = 'bank',
  words: readonly string[] = [],
): Promise<OpenedBank> => {
  const enabled = await enableBank(scenario, name, words)
  const bank = bankAt(scenario, enabled.keys)
  await until('an issuer', async () => (await bank.exchange()).status === 200)
  return { ...bank, ...enabled }
}

export const bankAt = (
  { folder, vault }: { readonly folder: string; readonly vault: { readonly url: string } },
  keys: ClientKeys,
): Bank => createBank({ url: vault.url, record: join(folder, 'replies.txt') }, keys)

/** What `issuer enable` reads. */
export const pairFile = (components: readonly CvkPair[]): string =>
  JSON.stringify({
    cvk_a_components: components.map(({ a }) => a),
    cvk_b_components: components.map(({ b }) => b),
  })

/** What a custodian brings. */
export const componentFile = ({ a, b }: CvkPair): string =>
  JSON.stringify({ cvk_a_component: a, cvk_b_component: b })

let files = 0

/** A file for one command, gone after it: what keeps it is not the vault's. */
export const withFile = async <T>(
  { folder }: Pick<Ground, 'folder'>,
  text: string,
  work: (file: string) => Promise<T>,
): Promise<T> => {
  const file = join(folder, `given-${++files}.json`)
  writeFileSync(file, text, { mode: 0o600 })
  try {
    return await work(file)
  } finally {
    rmSync(file)
  }
}

export interface RotationEvent {
  readonly id: string
  readonly event_id: string
  readonly event_type: string
  readonly org_id: string
  readonly cid: string
  readonly timestamp: string
  readonly data: {
    readonly card_id: number
    readonly card_hash: string
    readonly operation_type: string
    readonly cvv_rotation_type: string
    readonly cvv_next_rotation_date: string | null
    readonly [field: string]: unknown
  }
}

export interface RotationReceiver extends Receiver {
  /** Of a card, in the order in which they came, each once. */
  readonly of: (cardId: number) => readonly RotationEvent[]
  readonly all: () => readonly RotationEvent[]
}

/** An endpoint of the issuer for `rotate_cvv` in its own envelope. */
export const listenForRotations = async (
  ground: Ground,
  tenant: string,
  more: Partial<Parameters<typeof startReceiver>[1]> = {},
): Promise<RotationReceiver> => {
  const receiver = await startReceiver(ground, {
    tenant,
    events: 'rotate_cvv',
    words: ['--dialect', 'pismo'],
    ...more,
  })
  const all = (): readonly RotationEvent[] => receiver.received.map(asRotation)
  return {
    ...receiver,
    all,
    of: (cardId) => firstOfEach(all().filter(({ data }) => data.card_id === cardId)),
  }
}

const asRotation = (event: ReceivedEvent): RotationEvent => {
  const { id: _, ...envelope } = event
  const fault = eventFaultOf(envelope)
  if (fault !== undefined) throw new Error(`this is no event of the form that is promised: ${fault}`)
  return event as unknown as RotationEvent
}

const firstOfEach = (events: readonly RotationEvent[]): readonly RotationEvent[] => {
  const seen = new Set<string>()
  return events.filter(({ event_id }) => !seen.has(event_id) && seen.add(event_id))
}
