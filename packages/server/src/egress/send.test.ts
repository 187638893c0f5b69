import { Secret } from '@cardkeep/core/kernel/secret'
import type { Parcel } from '@cardkeep/core/ports'
import { makeDestination } from '@cardkeep/testing/provider/destination'
import { Dispatcher } from 'undici'
import { expect, test } from 'vitest'
import { sendForward } from './send.ts'

type Play = (handler: Dispatcher.DispatchHandler) => void

const controller: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
}

/** Connections that do what is written down, one after the other. */
class PlayedDispatcher extends Dispatcher {
  readonly plays: Play[]

  constructor(plays: Play[]) {
    super()
    this.plays = plays
  }

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.plays.shift()?.(handler)
    return true
  }
}

const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

const loseBefore: Play = (handler) => handler.onResponseError?.(controller, lost)

const loseAfter: Play = (handler) => {
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseError?.(controller, lost)
}

const answer: Play = (handler) => {
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseStart?.(controller, 200, {})
  handler.onResponseEnd?.(controller, {})
}

const parcel: Parcel = {
  body: new Secret('{}'),
  contentType: 'application/json',
  pan: undefined,
  accountNumber: undefined,
  code: undefined,
}

const send = async (...plays: Play[]) => {
  const dispatcher = new PlayedDispatcher(plays)
  const destination = makeDestination('https://psp.test')
  const outcome = await sendForward(
    {
      pools: {
        get: async () => ({ dispatcher, secureContext: undefined, headers: [] }),
        close: async () => undefined,
      },
      timeouts: { headersMs: 1_000, bodyMs: 1_000, totalMs: 1_000 },
      limits: { requestBytes: 100, answerBytes: 100 },
    },
    { url: new URL('https://psp.test/'), method: 'POST', headers: {}, destination },
    parcel,
  )
  return { outcome, left: dispatcher.plays.length }
}

test('a connection that is lost before the request is written is replaced by another', async () => {
  expect(await send(loseBefore, loseBefore, answer)).toMatchObject({ outcome: { type: 'answered' }, left: 0 })
})

test('a request that finds no connection that lasts was not sent', async () => {
  expect(await send(loseBefore, loseBefore, loseBefore, answer)).toEqual({
    outcome: { type: 'refused', refusal: { type: 'ForwardFailed', sent: 'no', reason: 'connection lost' } },
    left: 1,
  })
})

test('a connection that is lost once the request is being written is not replaced', async () => {
  expect(await send(loseAfter, answer)).toEqual({
    outcome: {
      type: 'refused',
      refusal: { type: 'ForwardFailed', sent: 'unknown', reason: 'connection lost' },
    },
    left: 1,
  })
})
