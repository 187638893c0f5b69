import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '@cardkeep/core/changes'
import { decideAfterFailure } from '@cardkeep/core/events/delivery-schedule'
import type { Delivery, Webhook } from '@cardkeep/core/events/webhook'
import type { WebhookId } from '@cardkeep/core/kernel/ids'
import type { Secret } from '@cardkeep/core/kernel/secret'
import { epochMs, secondMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'
import { describeBug, type Log } from '../log/log.ts'
import { type Attempt, type AttemptPorts, attemptDelivery } from './attempt.ts'
import { type Claimed, createLine, type Line } from './line.ts'

export interface DelivererPorts extends AttemptPorts {
  readonly store: Pick<Store, 'claimDeliveries' | 'commit' | 'webhook'>
  /** Evenly from 0 to below 1. */
  readonly chance: () => number
  /** A vault that its operator has shut sends nothing. */
  readonly isSealed: () => boolean
  /** Told whenever a delivery has ended: there is something to write. */
  readonly ended: () => void
  readonly log: Log
}

/*
 * Deliveries are claimed, sent, and settled, in rounds: a round writes how those ended that ended since the last one,
 * all in one commit, and claims more, so that a hundred deliveries cost the disk as little as a few. The store
 * gives only the first of each webhook and subject, and the next of a subject once that one is settled, which keeps
 * them in order. Whoever dies between sending and settling leaves a claim that runs out: then it is delivered again.
 */
export interface Deliverer {
  /** Answers whether it may be worth coming back at once. Throws `UnavailableError`; nothing is lost then. */
  round(): Promise<boolean>
  /** Sends no more, waits for what is under way, and writes how it ended. */
  stop(): Promise<void>
}

export const createDeliverer = (ports: DelivererPorts): Deliverer => {
  const { store, clock, chance, log } = ports
  const lines = new Map<WebhookId, Line>()
  const underWay = new Set<Promise<void>>()
  const secrets = new WeakMap<Webhook, Promise<Secret<string>>>()
  const unwritten: Change[] = []
  let isStopped = false
  let isSending = false

  const write = async (): Promise<void> => {
    while (unwritten.length > 0) {
      const batch = unwritten.splice(0, changesPerCommit)
      try {
        // Precondition: none of these changes expects anything.
        if (!(await store.commit(batch)).ok) throw new Error('the outcome of a delivery was in conflict')
      } catch (error) {
        unwritten.unshift(...batch)
        throw error
      }
    }
  }

  const claim = async (): Promise<readonly Claimed[]> => {
    const held = [...lines.values()].reduce((sum, line) => sum + line.held(), 0)
    const limit = Math.min(claimsPerRound, maxHeld - held)
    if (ports.isSealed() || isStopped || limit <= 0) return []
    const at = clock.now()
    const until = epochMs(at + claimMs)
    const except = [...lines].flatMap(([id, line]) => (line.isFull() ? [id] : []))
    const deliveries = await store.claimDeliveries({ at, until, limit, except })
    return deliveries.map((delivery) => ({ delivery, until }))
  }

  const lineUp = async (claimed: readonly Claimed[]): Promise<void> => {
    for (const one of claimed) {
      const { webhookId } = one.delivery
      const line = lines.get(webhookId) ?? (await openLine(webhookId))
      line?.add(one)
    }
    for (const line of lines.values())
      for (const { delivery } of line.takeSurplus()) unwritten.push(postpone(delivery, clock.now()))
  }

  /** `undefined` where it was removed since, and its deliveries with it. */
  const openLine = async (id: WebhookId): Promise<Line | undefined> => {
    const webhook = await store.webhook(id)
    const line = webhook && createLine(webhook)
    if (line) lines.set(id, line)
    return line
  }

  /** A few in one turn of the event loop: a caller of the vault waits for no more than those. */
  const sendWaiting = async (): Promise<void> => {
    if (isSending) return
    isSending = true
    while (sendSome()) await nextTurn()
    isSending = false
  }

  /** Answers whether there may be more. */
  const sendSome = (): boolean => {
    if (isStopped || ports.isSealed()) return false
    let left = sendsPerTurn
    for (const line of lines.values())
      for (let next = line.next(); next; next = line.next()) {
        const sending = send(line, next).finally(() => underWay.delete(sending))
        underWay.add(sending)
        if (--left === 0) return true
      }
    return false
  }

  const send = async (line: Line, { delivery, until }: Claimed): Promise<void> => {
    // Another process may have it by now, or will before this one has an answer.
    const isOurs = clock.now() + longestAttemptMs < until
    const attempt = isOurs ? await tryToDeliver(line, delivery) : notMade
    const at = clock.now()
    const health = line.ended(attempt, at)
    if (isOurs) settleOne(delivery, attempt)
    // Of one that is closed it is written when all has been said about it.
    if (health && !line.closed()) unwritten.push({ type: 'set-webhook-health', id: line.webhook.id, health })
    void sendWaiting()
    ports.ended()
  }

  const settleOne = (delivery: Delivery, attempt: Attempt): void => {
    const change = settle(delivery, attempt)
    unwritten.push(change)
    if (change.type === 'give-up-delivery')
      log.warn('delivery.dead', {
        delivery: change.no,
        webhookId: delivery.webhookId,
        failure: change.failure,
      })
  }

  const tryToDeliver = async (line: Line, { event }: Delivery): Promise<Attempt> => {
    try {
      return await attemptDelivery({ ...ports, openSecret: secretOf }, line.webhook, event)
    } catch (error) {
      // A bug in one delivery must not end the others; it counts, so that it does not come back at once for ever.
      log.error('job.failed', { job: 'deliver an event', ...describeBug(error) })
      return { type: 'failed', failure: { reason: 'not sent', retryAfterMs: undefined, isGone: false } }
    }
  }

  /** Opened once for as long as the webhook has deliveries under way. */
  const secretOf = (webhook: Webhook): Promise<Secret<string>> => {
    const opened = secrets.get(webhook) ?? ports.openSecret(webhook)
    secrets.set(webhook, opened)
    opened.catch(() => secrets.delete(webhook))
    return opened
  }

  const settle = (delivery: Delivery, attempt: Attempt): Change => {
    const { no, attempts } = delivery
    const at = clock.now()
    if (attempt.type === 'taken' || attempt.type === 'passed over') return { type: 'settle-delivery', no }
    if (attempt.type === 'not made') return postpone(delivery, at + postponedMs)
    return decideAfterFailure({ no, attempts }, attempt.failure, at, chance())
  }

  const postpone = ({ no, attempts }: Delivery, dueAt: number): Change => ({
    type: 'delay-delivery',
    no,
    attempts,
    dueAt: epochMs(dueAt),
    failure: 'not tried yet',
  })

  /**
   * What waits in a closed line is not sent. Of a dead endpoint all that is due counts as failed, round after round for
   * some seconds, and only then the pause is written, which keeps its deliveries from being claimed: otherwise of
   * thousands only the few that are sent as probes would ever be given up.
   */
  const emptyClosedLines = (claimed: readonly Claimed[]): void => {
    const claimedFor = new Set(claimed.map(({ delivery }) => delivery.webhookId))
    for (const [id, line] of lines) {
      const closed = line.closed()
      if (!closed) continue
      const { failure, health, isDead, at } = closed
      for (const { delivery } of line.takeWaiting())
        unwritten.push(
          isDead
            ? settle(delivery, { type: 'failed', failure })
            : postpone(delivery, health.pausedUntil ?? clock.now()),
        )
      if (isDead && claimedFor.has(id) && clock.now() < at + countsFailuresMs) continue
      // Before all else: the next claim must find the pause, and what was to be written of it before is old.
      const others = unwritten.filter((change) => change.type !== 'set-webhook-health' || change.id !== id)
      unwritten.splice(0, unwritten.length, { type: 'set-webhook-health', id, health }, ...others)
      log.warn('webhook.paused', { webhookId: id, failures: health.failures, failure: failure.reason })
      lines.delete(id)
    }
  }

  const dropIdleLines = (): void => {
    for (const [id, line] of lines) if (line.held() === 0 && !line.closed()) lines.delete(id)
  }

  return {
    round: async () => {
      // Asked for together they share a transaction.
      const [written, claimed] = await Promise.allSettled([write(), claim()])
      const got = claimed.status === 'fulfilled' ? claimed.value : []
      await lineUp(got)
      emptyClosedLines(got)
      void sendWaiting()
      dropIdleLines()
      if (written.status === 'rejected') throw written.reason
      if (claimed.status === 'rejected') throw claimed.reason
      return got.length > 0 || unwritten.length > 0
    },
    stop: async () => {
      isStopped = true
      for (const line of lines.values())
        for (const { delivery } of line.takeWaiting()) unwritten.push(postpone(delivery, clock.now()))
      await Promise.all(underWay)
      await write()
    },
  }
}

const notMade: Attempt = { type: 'not made' }

/** What is written at once, and what is sent in one turn, holds up everyone else: 64 changes for about three milliseconds. */
const claimsPerRound = 64
const changesPerCommit = 64
const sendsPerTurn = 2
/** Beyond that the rest waits in the database. */
const maxHeld = 2_048

/** From name lookup to the last byte of the answer. */
export const longestSendMs = 15 * secondMs
/** With room for a process that is busy. */
const longestAttemptMs = longestSendMs + 5 * secondMs
/**
 * What a process held that died waits so long. What waits here for a slow receiver until its claim runs out is given back
 * unsent, and claimed again when there is room.
 */
const claimMs = 30 * secondMs
/** Where the vault itself could not try. */
const postponedMs = 5 * secondMs
/** Less than the first delay of the schedule: nothing fails twice for one outage. */
const countsFailuresMs = 3 * secondMs
