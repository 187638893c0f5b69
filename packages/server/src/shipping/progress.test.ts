import { epochMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import { readProgress } from './progress.ts'

const store = {
  auditShipments: async () =>
    [
      { sink: 'file:/log', seq: 7 },
      { sink: 'file:/log (signatures)', seq: 5 },
      { sink: 'file:/old', seq: 2 },
    ].map((row) => ({ ...row, at: epochMs(1) })),
}

test('every place that is named counts, also one that never had anything, and no other', async () => {
  const named = [{ name: 'file:/log' }, { name: 'https://away.example/' }]
  expect(await readProgress(store, named)).toEqual([
    { sink: 'file:/log', seq: 7 },
    { sink: 'https://away.example/', seq: 0 },
  ])
})

test('where no place is named whatever was shipped to counts', async () => {
  expect(await readProgress(store, [])).toMatchObject([{ sink: 'file:/log' }, { sink: 'file:/old' }])
})
