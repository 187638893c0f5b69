import { setTimeout as wait } from 'node:timers/promises'
import type { Provider } from '@cardkeep/testing/provider/provider'
import { cleanUp } from './clean-up.ts'
import type { Reply } from './client.ts'
import { allowElsewhere } from './find-lost.ts'
import { type Book, createBook } from './mixed-book.ts'
import {
  allowTaker,
  type CallersAt,
  issuerName,
  type MixedCluster,
  openCallers,
  type Place,
  startTaker,
  type Taker,
  untilKnown,
} from './mixed-callers.ts'
import { expectAudit, expectCards, expectCharges, expectEvents, expectTokens } from './mixed-checks.ts'
import { stories, type Teller } from './mixed-stories.ts'
import { type Enabled, listenForRotations, type RotationReceiver } from './pismo-scenario.ts'
import { type Receiver, startReceiver } from './receiver.ts'

/** A provider, receivers of events, and one customer of each dialect, on vaults that run. */
export interface MixedGround {
  readonly cluster: MixedCluster
  readonly provider: Provider
  readonly taker: Taker
  readonly tokens: Receiver
  readonly rotations: RotationReceiver
  readonly callersAt: CallersAt
  /** The tenant that issues cards. */
  readonly issuer: Enabled
}

/**
 * Makes tenants, credentials, a capture key, an issuer, a destination and webhooks by commands, and waits until each node
 * knows them. For a cluster, and for one vault as `{ ...scenario, nodes: [scenario.vault] }`.
 */
export const openMixedGround = async (cluster: MixedCluster): Promise<MixedGround> => {
  const taker = await startTaker()
  const [{ callersAt, issuer }, tokens] = await Promise.all([
    openCallers(cluster),
    startReceiver(cluster, { events: tokenEvents }),
    allowTaker(cluster, taker),
    allowElsewhere(cluster),
  ])
  const rotations = await listenForRotations(cluster, issuerName)
  await Promise.all(cluster.nodes.map((node) => untilKnown(callersAt(node), taker)))
  return { cluster, provider: taker.provider, taker, tokens, rotations, callersAt, issuer }
}

export interface MixedLoad {
  /** Done and answered, by kind. */
  readonly done: Readonly<Record<string, number>>
  /** All of it. Throws where a rule was broken, or where somebody was answered otherwise than the API says. */
  readonly total: () => number
  /** By kind and status, or `lost` where the connection ended or was refused: `{'tokenize 503': 3, 'charge lost': 1}`. */
  readonly failures: Readonly<Record<string, number>>
  /** Of these, and of what came when something was sent again, what the vault said by name: `{ CodeNotHeld: 2 }`. */
  readonly refusals: Readonly<Record<string, number>>
  /** The longest that anybody waited for an answer or for the end of a connection, in milliseconds. */
  readonly slowestMs: () => number
  /** How long each answer took since the last call, in milliseconds. */
  readonly drainLatencies: () => readonly number[]
  /** Lets every caller finish what it waits for. Throws what `total` throws. */
  readonly end: () => Promise<void>
  readonly book: Book
  /** What was chosen, as the load was told to choose. */
  readonly choose: (caller: number) => Place
}

export interface MixedLoadOptions {
  readonly callers: number
  readonly choose: (caller: number) => Place
  /** Bounds all callers together; without it each asks as soon as it was answered. */
  readonly perSecond?: number
}

const pauseMs = 20

/**
 * Callers of all dialects, each doing one thing after another at the node that `choose` answers when it is asked. What
 * fails ends its story: the next one begins at whatever is chosen then.
 */
export const startMixedLoad = (
  { callersAt, taker }: MixedGround,
  { callers, choose, perSecond }: MixedLoadOptions,
): MixedLoad => {
  const book = createBook()
  const done: Record<string, number> = {}
  const failures: Record<string, number> = {}
  const refusals: Record<string, number> = {}
  const faults: unknown[] = []
  const pace = createPace(perSecond)
  let latencies: number[] = []
  let slowest = 0
  let isOver = false

  const stepOf =
    (caller: number): Teller['step'] =>
    async (kind, send, wanted = 200) => {
      await pace()
      if (isOver) throw over
      const since = performance.now()
      const reply = await answerOrLoss(() => send(callersAt(choose(caller))))
      const tookMs = performance.now() - since
      slowest = Math.max(slowest, tookMs)
      if (reply) latencies.push(tookMs)
      const refusal = reply?.headers['cardkeep-refusal']
      if (refusal !== undefined) count(refusals, String(refusal))
      const isGood = reply && (wanted === 'an answer' ? reply.status < 500 : reply.status === wanted)
      if (isGood) {
        count(done, kind)
        return reply
      }
      count(failures, `${kind} ${reply?.status ?? 'lost'}`)
      await wait(pauseMs)
      return undefined
    }

  const call = async (caller: number): Promise<void> => {
    const teller = { account: caller + 1, book, taker, step: stepOf(caller) }
    try {
      for (let told = caller; ; told++) await stories[told % stories.length]?.(teller)
    } catch (error) {
      if (error === over) return
      faults.push(error)
      isOver = true
    }
  }
  const running = Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
  // Also where a test fails before it ends it.
  cleanUp(async () => {
    isOver = true
    await running
  })
  const needsNoFault = (): void => {
    if (faults.length > 0) throw new AggregateError(faults, `the load came to an end: ${String(faults[0])}`)
  }

  return {
    done,
    total: () => {
      needsNoFault()
      return Object.values(done).reduce((sum, count) => sum + count, 0)
    },
    failures,
    refusals,
    slowestMs: () => slowest,
    drainLatencies: () => {
      const drained = latencies
      latencies = []
      return drained
    },
    end: async () => {
      isOver = true
      await running
      needsNoFault()
    },
    book,
    choose,
  }
}

/**
 * After the load: no token or card that was acknowledged is lost, no code was used twice as the provider saw it, each
 * acknowledged change is told by an event and none was given up, and the audit log holds together. What is chosen for the
 * first caller must live.
 */
export const expectNothingLost = async (ground: MixedGround, load: MixedLoad): Promise<void> => {
  const { cluster, callersAt, taker } = ground
  const callers = callersAt(load.choose(0))
  expectCharges(load.book, taker)
  await patiently(() => expectTokens(cluster, callers, load.book))
  await patiently(() => expectCards(cluster, callers, load.book))
  await expectEvents(cluster, load.book, ground)
  await expectAudit(cluster, taker)
}

/** Once more where a connection ended: one that idled while the database was read may have been closed just then. */
const patiently = async (check: () => Promise<void>): Promise<void> => {
  try {
    await check()
  } catch (error) {
    if (!isOfConnection(error)) throw error
    await check()
  }
}

const tokenEvents = 'token.created,token.updated,token.suspended,token.activated,token.deleted'

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}

/** Ends a story in the middle. */
const over = new Error('the load is over')

/** `undefined` where the connection ended; anything else that went wrong is thrown. */
const answerOrLoss = async (ask: () => Promise<Reply>): Promise<Reply | undefined> => {
  try {
    return await ask()
  } catch (error) {
    if (isOfConnection(error)) return undefined
    throw error
  }
}

/** As Node's sockets and the client name their errors. */
const isOfConnection = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(?:E[A-Z]+|UND_ERR_\w+)$/.test(String(error.code))

/** Resolves at most so often in a second. */
const createPace = (perSecond: number | undefined): (() => Promise<void>) => {
  if (perSecond === undefined) return () => Promise.resolve()
  let freeAt = 0
  return async () => {
    const now = performance.now()
    const at = Math.max(now, freeAt)
    freeAt = at + 1_000 / perSecond
    if (at > now) await wait(at - now)
  }
}
