import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('work is done one piece after the other, and each caller gets the outcome of its own', async () => {
  const inTurn = createTurns()
  let under = 0
  const work = (value: number) => async () => {
    expect(++under).toBe(1)
    await Promise.resolve()
    await Promise.resolve()
    under--
    return value
  }
  expect(await Promise.all([1, 2, 3].map((value) => inTurn(work(value))))).toEqual([1, 2, 3])
})

test('work that fails is told to its own caller, and the next is done', async () => {
  const inTurn = createTurns()
  const failing = inTurn(() => Promise.reject(new Error('fails')))
  const next = inTurn(async () => 'done')
  await expect(failing).rejects.toThrow('fails')
  expect(await next).toBe('done')
})
