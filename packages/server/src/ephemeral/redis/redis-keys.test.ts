import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { CaptureSession, SessionPublicKey } from '@cardkeep/core/sessions/capture-session'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import { drawPrivateKey } from '@cardkeep/testing/keys/session-key'
import { drawPrefix, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { makePrivateKey } from '../../keys/key-pair.ts'
import { createSessionKeySealer } from '../../keys/session-key-sealer.ts'
import { createSessionKeys } from '../../keys/session-keys.ts'

const sessionFor = (key: SessionPublicKey) =>
  ({ id: '0000ca97-0000-4000-8000-000000000001' as CaptureId, key }) as CaptureSession

describeOnRedis('two nodes at one server', (server) => {
  const open = async () => {
    const [clock, prefix] = [createFixedClock(), drawPrefix()]
    const { another } = await createKeyFixture({ clock, ids: createCountingIds() })
    const openNode = async () => {
      const ephemeral = await openOnRedis({ url: server.url(), clock, prefix })
      const made = [drawPrivateKey, makePrivateKey]
      const keys = createSessionKeys({
        sealer: createSessionKeySealer(await another()),
        shared: ephemeral.sessionKeys,
        clock,
        makeKey: () => (made.shift() ?? makePrivateKey)(),
      })
      return { ephemeral, keys }
    }
    const [node, other] = [await openNode(), await openNode()]
    const operator = new Redis(server.url())
    const close = async () => {
      operator.disconnect()
      await Promise.all([node.ephemeral.close(), other.ephemeral.close()])
    }
    return { node, other, operator, prefix, close }
  }

  test('open what was sealed for a session of either', async () => {
    const { node, other, close } = await open()
    const key = await node.keys.current('live')
    const opened = await other.keys.open('live', sessionFor(key), await sealPayload(key, 'a text'))
    expect(opened.ok && openSecret(opened.value.text, 'check')).toBe('a text')
    await close()
  })

  test('hand out another pair after the server has lost theirs, or all sessions were dropped', async () => {
    const { node, operator, prefix, close } = await open()
    const first = await node.keys.current('live')
    expect(await node.keys.current('live')).toEqual(first)
    await operator.del(await operator.keys(`${prefix}k:*`))
    const second = await node.keys.current('live')
    expect(second.id).not.toBe(first.id)
    await node.ephemeral.sessions.dropAll()
    expect((await node.keys.current('live')).id).not.toBe(second.id)
    await close()
  })

  test('hold no pair that was dropped, in their memory or its, and no byte of it stays', async () => {
    const { node, other, operator, prefix, close } = await open()
    const key = await node.keys.current('live')
    const payload = await sealPayload(key, 'a text')
    await node.keys.dropAll()
    expect(await operator.keys(`${prefix}k:*`)).toEqual([])
    for (const { keys } of [node, other])
      expect(await keys.open('live', sessionFor(key), payload)).toEqual({
        ok: false,
        error: { type: 'PayloadNotReadable' },
      })
    expect((await node.keys.current('live')).id).not.toBe(key.id)
    await close()
  })

  test('do not find a key in the other environment', async () => {
    const { node, other, close } = await open()
    const key = await node.keys.current('live')
    const payload = await sealPayload(key, 'a text')
    for (const { keys } of [node, other])
      expect(await keys.open('test', sessionFor(key), payload)).toMatchObject({ ok: false })
    expect(await other.keys.open('live', sessionFor(key), payload)).toMatchObject({ ok: true })
    await close()
  })

  test('find no key that is not there', async () => {
    const { other, close } = await open()
    const stranger = { id: 'a stranger', modulus: '', exponent: '' }
    expect(await other.keys.open('live', sessionFor(stranger), 'x')).toEqual({
      ok: false,
      error: { type: 'PayloadNotReadable' },
    })
    await close()
  })
})
