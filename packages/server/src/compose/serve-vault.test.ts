import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Store } from '@cardkeep/core/ports'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createLog } from '../log/log.ts'
import { openForServing, serveVault } from './serve-vault.ts'
import { takePlace } from './take-place.ts'

test('a memory for captures begins in the place of the vault, where no earlier process captures any more', async () => {
  const log = createLog('error', new PassThrough().resume())
  const config = readConfig({
    CARDKEEP_DATA: join(makeWorkspace().path, 'data'),
    CARDKEEP_PORT: '0',
  })
  const vault = await openForServing(config, log)
  const taken: unknown[] = []
  const capturedUntil: Store['capturedUntil'] = async () => {
    taken.push(await takePlace(vault).catch((error: Error) => error.message))
    return vault.store.capturedUntil()
  }
  const serving = await serveVault({ ...vault, store: { ...vault.store, capturedUntil } }, log)
  await serving.stop()
  expect(taken).toEqual([expect.stringContaining('another vault serves')])
})
