import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { makeAuthority } from '../provider/authority.ts'
import { makeWorkspace } from '../workspace.ts'
import { findProgram } from './programs.ts'
import { startRedis } from './redis.ts'
import { describeOnRedis } from './shared.ts'

const patience = { timeout: 10_000 }

/** What comes back for one line. */
const ask = async (socket: ReturnType<typeof connect>, line: string): Promise<string> => {
  socket.write(`${line}\r\n`)
  const [reply] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return reply.toString()
}

describeOnRedis('the Redis server of a run', (server) => {
  const askIt = (line: string) => ask(connect(server.port, '127.0.0.1'), line)

  test('persists nothing and evicts nothing', async () => {
    expect(await askIt('config get save')).toBe('*2\r\n$4\r\nsave\r\n$0\r\n\r\n')
    expect(await askIt('config get appendonly')).toContain('\r\nno\r\n')
    expect(await askIt('config get maxmemory-policy')).toContain('\r\nnoeviction\r\n')
  })

  test('has a URL for each of its databases', () => {
    expect(server.url(3)).toBe(`redis://127.0.0.1:${server.port}/3`)
  })
})

describeOnRedis('a Redis server of a test of its own', () => {
  test('is empty and at the same port after it was killed or stopped', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    const askIt = (line: string) => ask(connect(server.port, '127.0.0.1'), line)
    for (const end of [server.kill, server.stop]) {
      expect(await askIt('set a 1')).toBe('+OK\r\n')
      await end()
      await server.start()
      expect(await askIt('get a')).toBe('$-1\r\n')
    }
    await server.stop()
  })

  test('asks for a certificate, a user and a password where it was told to', async () => {
    const authority = await makeAuthority('Redis')
    const tls = await authority.issue({ name: 'server', addresses: ['127.0.0.1'] })
    const client = await authority.issue({ name: 'client' })
    const server = await startRedis({
      folder: join(makeWorkspace().path, 'redis'),
      tls: { ...tls, clientCa: authority.caPem },
      aclUser: { name: 'vault', password: 'made-up' },
    })
    expect(server.url()).toBe(`rediss://vault@127.0.0.1:${server.port}/0`)
    const trusted = { port: server.port, host: '127.0.0.1', ca: authority.caPem }
    const known = { ...trusted, cert: client.certificate, key: client.key }
    expect(await ask(connectTls(known), 'ping')).toContain('-NOAUTH')
    expect(await ask(connectTls(known), 'auth vault made-up')).toBe('+OK\r\n')
    await expect(ask(connectTls(trusted), 'ping')).rejects.toThrow('certificate required')
    await server.stop()
  })

  test('does not outlive whoever started it, even where that was killed', async (context) => {
    context.skip(!findProgram('setpriv'), 'only Linux ends a server whose starter was killed')
    const folder = join(makeWorkspace().path, 'redis')
    const module = fileURLToPath(new URL('./redis.ts', import.meta.url))
    const script = `import { startRedis } from ${JSON.stringify(module)}
      console.log((await startRedis({ folder: ${JSON.stringify(folder)} })).pid)
      setInterval(() => {}, 1_000)`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [pid] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string]
    expect(isRunning(pid)).toBe(true)
    starter.kill('SIGKILL')
    await vi.waitUntil(() => !isRunning(pid), patience)
  })
})

/** A process that ended and whose parent has not asked yet is none. */
const isRunning = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
