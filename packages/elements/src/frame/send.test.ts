import { exportJWK, generateKeyPair } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Form } from './form.ts'
import type { FormTexts } from './form-state.ts'
import { en } from './locales/en.ts'
import type { SessionKey } from './seal.ts'
import { createSender } from './send.ts'
import type { Answer } from './vault.ts'

let key: SessionKey
beforeAll(async () => {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256', { modulusLength: 2048 })
  const { n = '', e = '' } = await exportJWK(publicKey)
  key = { n, e }
})

const visa: FormTexts = { number: '4111 1111 1111 1111', expiry: '12 / 30', code: '123' }
const success: Answer = { type: 'success', tokenId: 'token' }
const taken = { status: 'success', tokenId: 'token' }
const failed = (reason: keyof typeof en.failures) => ({
  status: 'failure',
  reason,
  message: en.failures[reason],
})

/** A form that holds these texts, and a vault that answers one after the other; it waits for a card unless it says else. */
const open = (answers: readonly (Answer | Promise<Answer>)[], states: readonly Answer[] = []) => {
  const done: string[] = []
  const left = [...answers]
  const leftStates = [...states]
  let texts: FormTexts | undefined = visa
  const form: Form = {
    root: undefined as never,
    take: () => texts,
    focus: () => {},
    clear: () => void done.push('cleared'),
    setBusy: (isBusy) => void done.push(isBusy ? 'busy' : 'free'),
    finish: () => void done.push('finished'),
  }
  const sender = createSender({
    kind: 'card',
    form,
    vault: {
      state: async () => leftStates.shift() ?? { type: 'wants card', key },
      answer: async (action, payload) => {
        done.push(`${action} in ${payload.split('.').length} parts`)
        return (await left.shift()) ?? { type: 'unreachable' }
      },
    },
    sessionId: '00000000-0000-4000-8000-000000000001',
    key,
    texts: en,
  })
  return { sender, done, type: (next: FormTexts | undefined) => (texts = next) }
}

test('what is right is sealed, sent and wiped', async () => {
  const { sender, done } = open([success])
  expect(await sender.send('Ada')).toEqual(taken)
  expect(done).toEqual(['busy', 'tokenize_card in 5 parts', 'free', 'finished'])
})

test('what is not right is not sent', async () => {
  const { sender, done, type } = open([success])
  type(undefined)
  expect(await sender.send(undefined)).toEqual(failed('invalid'))
  expect(done).toEqual(['busy', 'free'])
})

test('of two at a time the second is refused, and after success every other', async () => {
  const { sender } = open([success, success])
  expect(await Promise.all([sender.send(undefined), sender.send(undefined)])).toEqual([taken, failed('busy')])
  expect(await sender.send(undefined)).toEqual(failed('session'))
})

test.each([
  [{ type: 'gone' }, 'session', ['cleared']],
  [{ type: 'failure' }, 'session', ['cleared']],
  [{ type: 'refused' }, 'refused', []],
  [{ type: 'wait' }, 'unreachable', []],
  [{ type: 'unreachable' }, 'unreachable', []],
] as const)(
  'an answer %o is told as %s; the form can be sent again, and is %o',
  async (answer, reason, then) => {
    const { sender, done } = open([answer, success])
    expect(await sender.send(undefined)).toEqual(failed(reason))
    expect(done.slice(3)).toEqual(then)
    expect(await sender.send(undefined)).toEqual(taken)
  },
)

test('a card does not get the token of one that was sent from another window', async () => {
  const { sender, done } = open([success], [success])
  expect(await sender.send(undefined)).toEqual(failed('session'))
  expect(done).toEqual(['busy', 'free', 'cleared'])
})

describe('after a send without an answer, which may have arrived', () => {
  const other = { ...visa, number: '5555 5555 5555 4444' }

  test('the same card is sent again, and has one token', async () => {
    const { sender } = open([{ type: 'unreachable' }, success], [{ type: 'wants card', key }, success])
    await sender.send(undefined)
    expect(await sender.send(undefined)).toEqual(taken)
  })

  test('another card does not get the token of the first', async () => {
    const { sender, type, done } = open(
      [{ type: 'unreachable' }, success],
      [{ type: 'wants card', key }, success],
    )
    await sender.send(undefined)
    type(other)
    expect(await sender.send(undefined)).toEqual(failed('session'))
    expect(done.filter((step) => step.startsWith('tokenize'))).toHaveLength(1)
  })

  test('another card is sent where the vault still waits for one', async () => {
    const { sender, type } = open([{ type: 'unreachable' }, success])
    await sender.send(undefined)
    type(other)
    expect(await sender.send(undefined)).toEqual(taken)
  })
})
