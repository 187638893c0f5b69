import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { join } from 'node:path'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, onTestFinished, test } from 'vitest'

const script = join(import.meta.dirname, '../deploy/healthcheck.ts')

/** Alive and not ready, as a vault is that an operator has sealed. */
const sealed: RequestListener = (request, reply) => {
  reply.statusCode = request.url === '/health/live' ? 200 : 503
  reply.end()
}

const listen = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')
  return String(address.port)
}

const run = (settings: Readonly<Record<string, string>>, ...words: readonly string[]) =>
  new Promise<{ readonly code: unknown; readonly said: string }>((resolve) => {
    const env = { PATH: process.env['PATH'], ...settings }
    execFile(process.execPath, [script, ...words], { env }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, said: stdout.trim() }),
    )
  })

test('a vault that is alive is not restarted because it is not ready', async () => {
  const settings = { CARDKEEP_PORT: await listen(createServer(sealed)) }
  expect(await run(settings)).toEqual({ code: 0, said: '/health/live 200' })
  expect(await run(settings, 'ready')).toEqual({ code: 1, said: '/health/ready 503' })
})

test('it is asked by TLS where it speaks TLS, at an address of the machine, as its file of settings says', async () => {
  const { path: folder } = makeWorkspace()
  const { certificate, key } = await (await makeAuthority('nobody')).issue({ name: 'vault.example' })
  const [certificateFile, keyFile, file] = ['cert.pem', 'key.pem', 'vault.env'].map((name) =>
    join(folder, name),
  )
  writeFileSync(certificateFile ?? '', certificate)
  writeFileSync(keyFile ?? '', key)
  const port = await listen(createSecureServer({ cert: certificate, key }, sealed))
  const lines = [
    'CARDKEEP_HOST=0.0.0.0',
    `CARDKEEP_PORT=${port}`,
    `CARDKEEP_TLS_CERT=${certificateFile}`,
    `CARDKEEP_TLS_KEY=${keyFile}`,
  ]
  writeFileSync(file ?? '', lines.join('\n'))
  expect(await run({ CARDKEEP_CONFIG: file ?? '' })).toEqual({ code: 0, said: '/health/live 200' })
})

test('a vault that is not there, or whose settings cannot be read, is not alive', async () => {
  const server = createServer(sealed)
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  expect(await run({ CARDKEEP_PORT: port })).toMatchObject({
    code: 1,
    said: expect.stringContaining('ECONNREFUSED'),
  })
  expect(await run({ CARDKEEP_PORTS: port })).toMatchObject({
    code: 1,
    said: expect.stringContaining('not a setting'),
  })
})
