import { addCaptureKey } from '@cardkeep/testing/doubles/captures'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import { addTenant, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { epochMs, minuteMs } from '../kernel/time.ts'
import { purgeCaptureKeys } from './captures/purge-capture-keys.ts'
import { purgeFingerprints } from './tokens/purge-fingerprints.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop') }
}

test('a retired capture key goes once it opens nothing any more, and an active one stays', async () => {
  const { vault, tenant } = await open()
  const { store, clock } = vault
  const [retired, active] = [await addCaptureKey(vault, tenant), await addCaptureKey(vault, tenant)]
  const left = async () => (await store.captureKeys(undefined)).map(({ id }) => id)
  await store.commit([{ type: 'retire-capture-key', id: retired.key.id, at: clock.now() }])
  clock.advance(17 * minuteMs)
  await purgeCaptureKeys(vault)
  expect(await left()).toEqual([retired.key.id, active.key.id])
  clock.advance(1)
  await purgeCaptureKeys(vault)
  expect(await left()).toEqual([active.key.id])
})

test('nothing is written where no key is due', async () => {
  const { vault, tenant } = await open()
  const commits: (readonly string[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  const { key } = await addCaptureKey(vault, tenant)
  await addCaptureKey(vault, tenant)
  await vault.store.commit([{ type: 'retire-capture-key', id: key.id, at: vault.clock.now() }])
  vault.clock.advance(17 * minuteMs)
  await purgeCaptureKeys({ ...vault, store })
  expect(commits).toEqual([])
  vault.clock.advance(1)
  await purgeCaptureKeys({ ...vault, store })
  await purgeCaptureKeys({ ...vault, store })
  expect(commits).toEqual([['purge-capture-keys']])
})

test('a fingerprint goes once the time is over that was promised, unless a token has it', async () => {
  const { vault, tenant } = await open()
  const { store, clock } = vault
  const { fingerprint } = (await addToken(vault, tenant)).token
  const other = { ...fingerprint, hash: new Uint8Array(32), id: vault.ids.uuid() as typeof fingerprint.id }
  const until = epochMs(clock.now() + minuteMs)
  await store.commit([
    { type: 'put-fingerprint', fingerprint: { ...other, analyticsUntil: until } },
    { type: 'keep-fingerprint', fingerprint, until },
  ])
  const found = ({ scopeId, hash }: typeof fingerprint) => store.fingerprint(scopeId, hash)
  clock.advance(minuteMs)
  await purgeFingerprints(vault)
  expect(await found(other)).toBeDefined()
  clock.advance(1)
  await purgeFingerprints(vault)
  expect(await found(other)).toBeUndefined()
  expect(await found(fingerprint)).toBeDefined()
})
