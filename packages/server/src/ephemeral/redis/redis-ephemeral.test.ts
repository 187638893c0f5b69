import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { codeStoreConformance } from '@cardkeep/testing/conformance/codes'
import { guessLimitsConformance } from '@cardkeep/testing/conformance/guesses'
import { lockoutsConformance } from '@cardkeep/testing/conformance/lockouts'
import { marksConformance } from '@cardkeep/testing/conformance/marks'
import { sessionConformance } from '@cardkeep/testing/conformance/sessions'
import { pendingTriesConformance } from '@cardkeep/testing/conformance/tries'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { drawPrefix, hashForTests, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { afterEach } from 'vitest'
import { createCodeSealer } from '../../keys/code-sealer.ts'
import { createNameHash } from '../../keys/name-hash.ts'
import { createSessionSealer } from '../../keys/session-sealer.ts'
import { createCaptureMarks } from '../capture-marks.ts'
import { createCodeStore } from '../code-store.ts'
import { createSessionStore } from '../session-store.ts'
import { connectRedis } from './connection.ts'
import { createRedisGuessLimits, createRedisLockouts } from './redis-limits.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

describeOnRedis('Redis', (server) => {
  codeStoreConformance('codes on Redis', async ({ clock, limitPerTenant, scopes }) => {
    const owners = scopes.map((id) => ({ type: 'scope', id }) as const)
    const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, owners)
    const wish = { url: server.url(), clock, limitPerOwner: limitPerTenant, isClockUsed: true }
    const ephemeral = await openOnRedis(wish)
    opened.push(ephemeral)
    return { store: createCodeStore(createCodeSealer(keyring), ephemeral.codes) }
  })

  sessionConformance('sessions on Redis', async ({ clock, limitPerTenant }) => {
    const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() })
    const wish = {
      ...{ url: server.url(), prefix: drawPrefix(), clock, isClockUsed: true },
      sessionLimit: limitPerTenant,
    }
    const openNode = async () => {
      const ephemeral = await openOnRedis(wish)
      opened.push(ephemeral)
      return createSessionStore(createSessionSealer(keyring), ephemeral.sessions)
    }
    return { store: await openNode(), another: await openNode() }
  })

  marksConformance('marks on Redis', async (clock) => {
    const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() })
    const wish = { url: server.url(), prefix: drawPrefix(), clock, isClockUsed: true }
    const openNode = async () => {
      const ephemeral = await openOnRedis(wish)
      opened.push(ephemeral)
      return createCaptureMarks(createNameHash(keyring), ephemeral.marks)
    }
    return { marks: await openNode(), another: await openNode() }
  })

  pendingTriesConformance('tries on Redis', async () => {
    const wish = { url: server.url(), prefix: drawPrefix(), clock: createFixedClock() }
    const openNode = async () => {
      const ephemeral = await openOnRedis(wish)
      opened.push(ephemeral)
      return ephemeral.tries
    }
    return { tries: await openNode(), another: await openNode() }
  })

  /** Without the memory of this process to fall back on, which would hide a script that fails. */
  const connect = async () => {
    const settings = { url: server.url(), passwordFile: undefined, password: undefined, tls: undefined }
    const connection = connectRedis(settings, async () => undefined, {})
    opened.push(connection)
    await connection.check()
    return {
      connection,
      naming: { prefix: drawPrefix(), hash: (text: string) => hashForTests(text).toString('base64url') },
    }
  }

  guessLimitsConformance('guesses on Redis', async (clock) => {
    const { connection, naming } = await connect()
    return createRedisGuessLimits(connection, naming, () => String(clock.monotonic()))
  })

  lockoutsConformance('lock-outs on Redis', async (clock) => {
    const { connection, naming } = await connect()
    return createRedisLockouts(connection, naming, () => String(clock.monotonic()))
  })
})
