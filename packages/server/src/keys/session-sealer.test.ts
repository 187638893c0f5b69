import type { CaptureId, TokenId } from '@cardkeep/core/kernel/ids'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCodeSealer } from './code-sealer.ts'
import { createTextHash } from './name-hash.ts'
import { createSessionKeySealer } from './session-key-sealer.ts'
import { createSessionSealer } from './session-sealer.ts'

const id = '0000ca97-0000-4000-8000-000000000001' as CaptureId
const otherId = '0000ca97-0000-4000-8000-000000000002' as CaptureId
const actor = { type: 'vault', id: undefined } as const

const makeFixture = async () => {
  const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
  return { ...fixture, sealer: createSessionSealer(fixture.keyring) }
}

test('a session opens under its id, at each part as that part', async () => {
  const { sealer } = await makeFixture()
  for (const part of ['session', 'end'] as const)
    expect(await sealer.open(id, part, await sealer.seal(id, part, 'a text'))).toBe('a text')
})

test('a sealed session opens neither under the id of another nor as another part of its own', async () => {
  const { sealer } = await makeFixture()
  const sealed = await sealer.seal(id, 'session', 'a text')
  await expect(sealer.open(otherId, 'session', sealed)).rejects.toThrow('belong elsewhere')
  await expect(sealer.open(id, 'end', sealed)).rejects.toThrow('belong elsewhere')
})

test('a sealed session does not open with any bit of it changed', async () => {
  const { sealer } = await makeFixture()
  const sealed = Buffer.from(await sealer.seal(id, 'session', 'text'))
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    await expect(sealer.open(id, 'session', changed)).rejects.toThrow(Error)
  }
})

test('equal sessions look different each time, and none of what they say is seen', async () => {
  const { sealer } = await makeFixture()
  const [one, two] = [await sealer.seal(id, 'session', 'a text'), await sealer.seal(id, 'session', 'a text')]
  expect(Buffer.from(one).equals(two)).toBe(false)
  expect(Buffer.from(one).includes('text')).toBe(false)
})

describe('after a rotation in the middle of a session', () => {
  test('a session of before is found and opens, also at a node that sees one of after it first', async () => {
    const { sealer, keyring, another } = await makeFixture()
    const other = createSessionSealer(await another())
    const before = { name: sealer.name(id), sealed: await sealer.seal(id, 'session', 'before') }
    await keyring.rotate({ purpose: 'code', owner: undefined, actor })
    const after = await sealer.seal(otherId, 'session', 'after')
    expect(Buffer.from(after).readUInt32BE(2)).toBe(2)
    expect(await other.open(otherId, 'session', after)).toBe('after')
    for (const node of [sealer, other]) {
      expect(node.name(id)).toEqual(before.name)
      expect(await node.open(id, 'session', before.sealed)).toBe('before')
    }
  })

  test('a payload keeps its name', async () => {
    const { sealer, keyring } = await makeFixture()
    const mark = new Uint8Array(32).fill(1)
    const before = sealer.markName(mark)
    await keyring.rotate({ purpose: 'code', owner: undefined, actor })
    expect(sealer.markName(mark)).toEqual(before)
  })
})

test('names are 16 bytes, and those of one kind of thing are none of another', async () => {
  const { sealer, keyring } = await makeFixture()
  const names = [
    sealer.name(id),
    sealer.name(otherId),
    sealer.markName(Buffer.from(id)),
    sealer.markName(Buffer.from(otherId)),
    createSessionKeySealer(keyring).name({ environment: 'test', keyId: id }),
    createSessionKeySealer(keyring).name({ environment: 'live', keyId: id }),
    createCodeSealer(keyring).tokenName(id as string as TokenId),
    createTextHash(keyring)(id),
  ]
  expect(names.every(({ length }) => length === 16)).toBe(true)
  expect(new Set(names.map((name) => name.toString('hex'))).size).toBe(names.length)
})
