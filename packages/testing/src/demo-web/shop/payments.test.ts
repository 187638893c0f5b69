import { expect, test } from 'vitest'
import { createJournal } from './journal.ts'
import { openPayment, settlePayment, type Till } from './payments.ts'
import type { CardToken, Forwarded, Vault } from './vault.ts'

const card: CardToken = {
  id: 'token',
  scheme: 'VISA',
  last4: '4242',
  expiryMonth: 12,
  expiryYear: 2030,
  artUrl: undefined,
}

const approved: Forwarded = { status: 200, body: { status: 'approved' }, sent: 'yes' }
const declined: Forwarded = { status: 402, body: { decline_code: 'do_not_honor' }, sent: 'yes' }

interface Answers {
  readonly tokenId?: string | undefined
  readonly forward?: () => Promise<Forwarded>
  readonly saved?: CardToken
}

/** A payment at a till whose vault answers so; tells which of its calls were made. */
const pay = async (answers: Answers) => {
  const calls: string[] = []
  const told = <Answer>(name: string, answer: Answer): Answer => {
    calls.push(name)
    return answer
  }
  const { forward = () => Promise.resolve(approved) } = answers
  const vault: Vault = {
    openCardSession: () => Promise.resolve('session'),
    openCodeSession: () => Promise.resolve('session'),
    findTokenOf: () => Promise.resolve('tokenId' in answers ? answers.tokenId : 'token'),
    findCard: () => Promise.resolve(card),
    forward: () => told('forward', forward()),
    removeCard: () => told('remove', Promise.resolve()),
  }
  const till: Till = { vault, providerUrl: 'https://provider.example/v1', receivedFor: () => undefined }
  const payment = await openPayment(till, { value: 100, currency: 'EUR' }, answers.saved, createJournal())
  return { calls, settle: () => settlePayment(till, payment) }
}

test('a form that is sent twice is charged once, and both hear the same', async () => {
  const { calls, settle } = await pay({})
  const [first, second] = await Promise.all([settle(), settle()])
  expect(first).toMatchObject({ type: 'paid', order: { card } })
  expect(second).toBe(first)
  expect(await settle()).toBe(first)
  expect(calls).toEqual(['forward'])
})

test('a session that brought no token is not charged', async () => {
  const { calls, settle } = await pay({ tokenId: undefined })
  expect(await settle()).toEqual({ type: 'not sent' })
  expect(calls).toEqual([])
})

test('a new card that was declined is not kept', async () => {
  const { calls, settle } = await pay({ forward: () => Promise.resolve(declined) })
  expect(await settle()).toEqual({ type: 'declined', reason: 'do_not_honor' })
  expect(calls).toEqual(['forward', 'remove'])
})

test('a saved card that was declined stays saved', async () => {
  const { calls, settle } = await pay({ forward: () => Promise.resolve(declined), saved: card })
  expect(await settle()).toMatchObject({ type: 'declined' })
  expect(calls).toEqual(['forward'])
})

test.each([
  ['nothing left the vault', { status: 502, body: {}, sent: 'no' }, 'not sent'],
  ['the provider was reached and did not answer', { status: 504, body: {}, sent: 'yes' }, 'unclear'],
  ['nobody can say', { status: 502, body: {}, sent: 'unknown' }, 'unclear'],
  ['the answer is none of a charge', { status: 200, body: {}, sent: 'yes' }, 'unclear'],
] as const)('where %s, the outcome says what is known', async (_, forwarded, type) => {
  const { settle } = await pay({ forward: () => Promise.resolve(forwarded) })
  expect(await settle()).toEqual({ type })
})

test('a vault that breaks off in the middle leaves it unclear', async () => {
  const { settle } = await pay({ forward: () => Promise.reject(new Error('the connection was lost')) })
  expect(await settle()).toEqual({ type: 'unclear' })
})
