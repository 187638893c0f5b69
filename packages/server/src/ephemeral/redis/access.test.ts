import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { guessLimits } from '@cardkeep/core/codes/guesses'
import { issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import { createFixedClock } from '@cardkeep/testing/clock'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { startRedis } from '@cardkeep/testing/servers/redis'
import { openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { nameBytes, type SealedCode } from '../backend.ts'
import type { Ephemeral } from '../ephemeral.ts'

const clock = createFixedClock()
const name = Buffer.alloc(nameBytes, 1)
const code: SealedCode = {
  name,
  tokenName: name,
  owner: 'shop',
  sealed: Buffer.alloc(38, 7),
  ttlMs: 60_000,
  uses: 2,
  destinations: undefined,
}
const taker = { tokenName: name, destination: name }

/** The rules that docs/operations/cluster.md gives. */
const rules =
  '~ck:* resetchannels -@all +select +evalsha +script|load +scan +info +config|get +time +get +mget +set +setrange +del ' +
  '+pexpire +sadd +srem +smembers +zadd +zrem +zcard +zcount +zrange +zremrangebyscore'

describeOnRedis('a server that lets in not everyone', () => {
  const user = { name: 'cardkeep', password: 'of-a-test:/@#' }

  const writeTo = (folder: string, file: string, text: string): string => {
    writeFileSync(join(folder, file), text)
    return join(folder, file)
  }

  test('is used with exactly the rights that the operator is told to give', async () => {
    const server = await startRedis({
      folder: join(makeWorkspace().path, 'redis'),
      aclUser: { ...user, rules },
    })
    const wish = { url: server.url(), clock, prefix: 'ck:', settings: { password: user.password } }
    const node = await openOnRedis({ ...wish, url: server.url(1), limitPerOwner: 1, sessionLimit: 1 })
    expect(await node.codes.hold(code)).toBeDefined()
    expect(await node.codes.hold({ ...code, name: Buffer.alloc(nameBytes, 2) })).toBeUndefined()
    const taken = [await node.codes.take(name, taker), await node.codes.take(name, taker)]
    for (const one of taken) expect(await node.codes.giveBack(one?.receipt)).toBe(true)
    expect(await node.codes.hold(code)).toBeDefined()
    expect(await node.count()).toBe(1)
    await node.sweep()
    expect([await node.codes.drop(name), await node.codes.dropToken(name, undefined)]).toEqual([true, false])
    expect(await node.codes.undoHold(await node.codes.hold(code))).toBe(true)
    await node.codes.hold(code)
    expect(await node.codes.dropToken(name, undefined)).toBe(true)
    await node.codes.hold(code)
    await node.codes.dropAll()
    // On the server and not in this process, which would hide that a right is missing: another node sees them.
    const other = await openOnRedis({ ...wish, url: server.url(1) })
    for (let failure = 0; failure < guessLimits.session.atOnce; failure++)
      await node.guesses.failed(['session t a'])
    expect(await other.guesses.waitSeconds(['session t a'])).toBe(guessLimits.session.everyMs / 1000)
    for (let failure = 0; failure < 10; failure++) await node.lockouts.fail('key 192.0.2.1')
    expect(await other.lockouts.remainingSeconds('key 192.0.2.1')).toBe(30 * 60)
    for (let failure = 0; failure < 9; failure++) await node.lockouts.fail('key 192.0.2.2')
    await other.lockouts.succeed('key 192.0.2.2')
    expect(await other.lockouts.fail('key 192.0.2.2')).toBe(false)
    await useSessions(node)
    await useMarks(node, other)
    await useTries(node, other)
    await node.check()
    await Promise.all([node.close(), other.close()])
    await server.stop()
  })

  const useSessions = async ({ sessions, sessionKeys }: Ephemeral): Promise<void> => {
    const session = { name, owner: 'shop', sealed: code.sealed, ttlMs: 60_000 }
    const claimOf = async () => {
      const claim = await sessions.claim(name)
      if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
      return claim.receipt
    }
    const twin = { ...session, name: Buffer.alloc(nameBytes, 2) }
    expect([await sessions.open(session), await sessions.open(twin)]).toEqual([true, false])
    const first = await claimOf()
    expect(await sessions.admit(first, { name, ttlMs: 60_000 })).toBe(true)
    await sessions.release(first)
    expect(await sessions.fail(await claimOf(), code.sealed)).toEqual({ type: 'open' })
    expect(await sessions.end(await claimOf(), code.sealed)).toBe(true)
    const state = { type: 'ended', sealedEnd: code.sealed }
    expect(await sessions.find(name)).toEqual({ type: 'found', sealed: code.sealed, state })
    await sessionKeys.put(name, code.sealed, 60_000)
    expect([await sessionKeys.find(name), await sessionKeys.isGood(name)]).toEqual([code.sealed, true])
    await sessions.drop(name)
    await sessions.dropAll()
    expect(await sessions.open(twin)).toBe(true)
    await sessionKeys.put(name, code.sealed, 60_000)
    await sessionKeys.dropAll()
    expect(await sessionKeys.find(name)).toBeUndefined()
  }

  const useMarks = async ({ marks }: Ephemeral, other: Ephemeral): Promise<void> => {
    const mark = { name, owner: 'shop', ttlMs: 60_000, at: clock.now() }
    expect([await marks.admit(mark), await other.marks.admit(mark)]).toEqual(['admitted', 'known'])
    await marks.release(mark)
    expect(await other.marks.admit(mark)).toBe('admitted')
  }

  const useTries = async ({ tries }: Ephemeral, other: Ephemeral): Promise<void> => {
    const card = issuedCardIdOf(clock.now(), 1)
    expect([await tries.enter(card), await other.tries.enter(card)]).toEqual([1, 2])
    await tries.leave(card)
    expect(await tries.enter(card)).toBe(2)
  }

  test.each([
    ['that it does not have', { databases: '2' }, rules],
    ['that its user may not choose', {}, `${rules} -select`],
  ])('is not used with another database than the one named, %s', async (_, settings, given) => {
    const aclUser = { ...user, rules: given }
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis'), aclUser, settings })
    const wish = { clock, prefix: 'ck:', settings: { password: user.password } }
    await expect(openOnRedis({ ...wish, url: server.url(7) })).rejects.toThrow(
      'the server for codes is not used: it does not give its user database 7: ',
    )
    const node = await openOnRedis({ ...wish, url: server.url(0) })
    await node.close()
    await server.stop()
  })

  test('whose database is not given any more is rid of nothing in another', async () => {
    const server = await startRedis({
      folder: join(makeWorkspace().path, 'redis'),
      aclUser: { ...user, rules: `${rules} +client|kill +acl` },
    })
    const wish = { clock, prefix: 'ck:', settings: { password: user.password } }
    const [node, neighbour] = [
      await openOnRedis({ ...wish, url: server.url(7) }),
      await openOnRedis({ ...wish, url: server.url(0) }),
    ]
    await neighbour.codes.hold(code)
    const operator = new Redis({ port: server.port, username: user.name, password: user.password })
    await operator.call('ACL', 'SETUSER', user.name, '-select')
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await node.codes.dropAll().catch(() => undefined)
    await expect(node.codes.dropAll()).rejects.toThrow('does not give its user database 7')
    await neighbour.codes.drop(Buffer.alloc(nameBytes, 9)).catch(() => undefined)
    expect(await neighbour.codes.take(name, taker)).toBeDefined()
    operator.disconnect()
    await Promise.all([node.close(), neighbour.close()])
    await server.stop()
  })

  test('encrypts, shows a certificate of its authority and wants one', async () => {
    const folder = makeWorkspace().path
    const [authority, stranger] = [await makeAuthority('codes'), await makeAuthority('stranger')]
    const [identity, client] = [
      await authority.issue({ name: 'redis', addresses: ['127.0.0.1'] }),
      await authority.issue({ name: 'node' }),
    ]
    const server = await startRedis({
      folder: join(folder, 'redis'),
      tls: { ...identity, clientCa: authority.caPem },
      aclUser: { ...user, rules },
    })
    const files = {
      caFile: writeTo(folder, 'ca.pem', authority.caPem),
      certificateFile: writeTo(folder, 'node.pem', client.certificate),
      keyFile: writeTo(folder, 'node.key', client.key),
    }
    const openWith = (tls: Partial<typeof files>) =>
      openOnRedis({
        url: server.url(),
        clock,
        prefix: 'ck:',
        settings: {
          password: user.password,
          tls: { caFile: undefined, certificateFile: undefined, keyFile: undefined, ...tls },
        },
      })
    const node = await openWith(files)
    expect(await node.codes.hold(code)).toBeDefined()
    expect((await node.codes.take(name, taker))?.sealed).toEqual(code.sealed)
    await node.close()
    const refused = await Promise.allSettled([
      openWith({ ...files, caFile: writeTo(folder, 'other.pem', stranger.caPem) }),
      openWith({ certificateFile: files.certificateFile, keyFile: files.keyFile }),
      openWith({ caFile: files.caFile }),
    ])
    expect(refused.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    for (const one of refused)
      expect(String((one as PromiseRejectedResult).reason)).toContain('cannot be reached')
    await server.stop()
  })

  test('whose password changes is reached with the one that then stands in the file', async () => {
    const folder = makeWorkspace().path
    const server = await startRedis({ folder: join(folder, 'redis'), aclUser: user })
    const passwordFile = writeTo(folder, 'password', `${user.password}\n`)
    const node = await openOnRedis({ url: server.url(), clock, settings: { passwordFile } })
    const operator = new Redis({ port: server.port, username: user.name, password: user.password })
    await operator.call('ACL', 'SETUSER', user.name, 'resetpass', '>another-of-a-test')
    writeTo(folder, 'password', 'another-of-a-test')
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await node.codes.drop(name).catch(() => undefined)
    expect(await node.codes.hold(code)).toBeDefined()
    operator.disconnect()
    await node.close()
    await server.stop()
  })

  test('that refuses a password does not see it printed', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis'), aclUser: user })
    const heard: string[] = []
    const wish = { url: server.url(), clock, listener: { lost: (reason: string) => heard.push(reason) } }
    const settings = { password: 'a-wrong-password' }
    const refusals = await Promise.allSettled([
      openOnRedis({ ...wish, settings }),
      openOnRedis({ ...wish, settings, isForRemoval: true }),
    ])
    for (const refusal of refusals) {
      const reason: unknown = refusal.status === 'rejected' && refusal.reason
      expect(reason).toMatchObject({
        message: 'the server for codes cannot be reached: it answered WRONGPASS',
      })
      expect(JSON.stringify([reason, heard, String((reason as Error).stack)])).not.toMatch(
        /password|127\.0\.0\.1|redis:/,
      )
    }
    await server.stop()
  })
})
