import { expect } from 'vitest'
import { findLost } from './find-lost.ts'
import type { Book } from './mixed-book.ts'
import type { Callers, MixedCluster, Taker } from './mixed-callers.ts'
import { verdictOf } from './pismo.ts'
import type { RotationReceiver } from './pismo-scenario.ts'
import type { Receiver } from './receiver.ts'
import { changeRows, type GroundPlace, readRows } from './rows.ts'
import { until } from './until.ts'

/** So many are opened, one by one; that all of them are there the database says. */
const opened = 1_000
const openedCards = 100

/** Each token that somebody was given is there, is what was last heard of it, and stands for its card if it is good. */
export const expectTokens = async (
  cluster: MixedCluster,
  { shop }: Callers,
  { tokens, suspended, ended, told }: Book,
): Promise<void> => {
  const rows = readRows(cluster, 'select id, status from tokens')
  const statuses = new Map(rows.map(({ id, status }) => [hexOf(id), String(status)]))
  const otherThan = (ids: Iterable<string>, allowed: readonly string[]): readonly string[] =>
    [...ids].filter((id) => !allowed.includes(statuses.get(id.replaceAll('-', '')) ?? 'lost'))
  expect(otherThan(tokens, ['active'])).toEqual([])
  expect(otherThan(suspended, ['active', 'suspended'])).toEqual([])
  expect(otherThan(ended, ['active', 'deleted'])).toEqual([])
  const deleted = [...ended].filter((id) => told.has(`${id} token.deleted`))
  expect(otherThan(deleted, ['deleted'])).toEqual([])
  expect(await findLost(shop, sample([...tokens], opened))).toEqual([])
}

/** Each issued card is there, has rotated as often as somebody was told, and has the CVV that is told of it. */
export const expectCards = async (
  cluster: MixedCluster,
  { bank }: Callers,
  { cards }: Book,
): Promise<void> => {
  const rows = readRows(
    cluster,
    'select id, account_id, serial from issued_cards join cvv_rotations on card_id = id',
  )
  const byId = new Map(rows.map((row) => [Number(row['id']), row]))
  const wrong = [...cards].filter(([id, { rotations, isUncertain }]) => {
    const serial = Number(byId.get(id)?.['serial'] ?? -1)
    return serial !== rotations && !(isUncertain && serial === rotations + 1)
  })
  expect(wrong).toEqual([])
  const authoriser = await bank.authoriser()
  const verdicts = await Promise.all(
    sample([...cards.keys()], openedCards).map(async (id) => {
      const { cvv } = await (await bank.account(Number(byId.get(id)?.['account_id']))).info(id)
      return verdictOf(await authoriser.verify(id, cvv))
    }),
  )
  expect(verdicts.filter((verdict) => verdict !== 'right')).toEqual([])
}

/** Each charge that was answered came to the provider, and no code came to it twice. */
export const expectCharges = ({ charges }: Book, taker: Taker): void => {
  expect([...charges].filter((charge) => !taker.charges.has(charge))).toEqual([])
  expect([...taker.codes.values()].filter((times) => times > 1)).toEqual([])
}

/** Each change that was answered is told by an event, those of one token in their order, and nothing was given up. */
export const expectEvents = async (
  cluster: MixedCluster,
  { told, cards }: Book,
  { tokens, rotations }: { readonly tokens: Receiver; readonly rotations: RotationReceiver },
): Promise<void> => {
  const waiting = () => readRows(cluster, 'select count(*) as count from deliveries')[0]?.['count']
  await until('an empty outbox', () => waiting() === 0, 90_000, 100)
  expect([...tokens.forged, ...rotations.forged]).toEqual([])
  expect(readRows(cluster, 'select no from dead_deliveries')).toEqual([])
  const heard = new Set(tokens.received.map(({ type, data }) => `${String(data['token'])} ${type}`))
  expect([...told].filter((one) => !heard.has(one))).toEqual([])
  // A set keeps the order in which each came first, and what was told stands in it as it happened.
  const inOrder = [...heard].filter((one) => told.has(one))
  expect(groupBySubject(inOrder)).toEqual(groupBySubject([...told]))
  const ids = new Map<number, Set<string>>()
  for (const { event_id, data } of rotations.all())
    ids.set(data.card_id, (ids.get(data.card_id) ?? new Set()).add(event_id))
  const missing = [...cards].filter(([id, card]) => (ids.get(id)?.size ?? 0) < card.rotations)
  expect(missing).toEqual([])
}

const groupBySubject = (events: readonly string[]): ReadonlyMap<string, readonly string[]> =>
  Map.groupBy(events, (event) => event.split(' ')[0] ?? '')

/** As if the time had passed for which vaults that were killed had taken deliveries. */
export const releaseDeliveries = (ground: GroundPlace): Promise<void> =>
  changeRows(ground, 'update deliveries set due_at = 0')

/** Entries hold together; each token has one of its creation, and each charge that left one of its intent. */
export const expectAudit = async (cluster: MixedCluster, taker: Taker): Promise<void> => {
  expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  const count = (text: string): number =>
    Number(readRows(cluster, `select count(*) as count from ${text}`)[0]?.['count'])
  expect(count(`audit_entries where text like '%,"token.created",%'`)).toBe(count('tokens'))
  const sent = [...taker.charges.values()].reduce((sum, times) => sum + times, 0)
  expect(count(`audit_entries where text like '%,"card.forward","intent",%'`)).toBeGreaterThanOrEqual(sent)
}

/** Bytes as the embedded database answers them, or as PostgreSQL spells them. */
const hexOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value).replace('\\x', '')

/** So many of them, from all of their range, the last ones among them. */
const sample = <T>(all: readonly T[], count: number): readonly T[] => {
  if (all.length <= count) return all
  const every = all.length / count
  return Array.from({ length: count }, (_, at) => all[Math.floor((at + 1) * every) - 1] as T)
}
