import { epochMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import { describeProgress, readProgress } from './progress.ts'

const store = {
  auditChains: async () => [0],
  auditShipments: async () =>
    [
      { sink: 'file:/log', seq: 7 },
      { sink: 'file:/log (signatures)', seq: 5 },
      { sink: 'file:/old', seq: 2 },
    ].map((row) => ({ ...row, chain: 0, at: epochMs(1) })),
}

test('every place that is named counts, also one that never had anything, and no other', async () => {
  const named = [{ name: 'file:/log' }, { name: 'https://away.example/' }]
  expect(await readProgress(store, named)).toEqual([
    { sink: 'file:/log', chain: 0, seq: 7 },
    { sink: 'https://away.example/', chain: 0, seq: 0 },
  ])
})

test('a place has each chain of the log as far as it was sent there', async () => {
  const several = {
    auditChains: async () => [0, 3],
    auditShipments: async () => [
      { sink: 'file:/log', chain: 0, seq: 7, at: epochMs(1) },
      { sink: 'file:/log', chain: 3, seq: 2, at: epochMs(1) },
    ],
  }
  const progress = await readProgress(several, [{ name: 'file:/log' }, { name: 'file:/new' }])
  expect(progress.map(describeProgress)).toEqual([
    'file:/log has it up to 7',
    'file:/log has chain 3 up to 2',
    'file:/new has it up to 0',
    'file:/new has chain 3 up to 0',
  ])
})

test('where no place is named whatever was shipped to counts', async () => {
  expect(await readProgress(store, [])).toMatchObject([{ sink: 'file:/log' }, { sink: 'file:/old' }])
})
