import { Writable } from 'node:stream'
import { request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import { type MetricsServer, type Page, serveMetrics } from './metrics-server.ts'

const opened: MetricsServer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

const open = async (page: () => Promise<Page>) => {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const server = await serveMetrics({ host: '127.0.0.1', port: 0, page, log: createLog('info', out) })
  opened.push(server)
  return { server, lines }
}

const page = async (): Promise<Page> => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' })

test('the page is at /metrics and nowhere else', async () => {
  const { server } = await open(page)
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const reply = await request(server.url)
  expect([reply.statusCode, await reply.body.text()]).toEqual([200, 'up 1\n'])
  expect(reply.headers).toMatchObject({
    'content-type': 'text/plain; version=0.0.4',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  const statuses = await Promise.all(
    [
      request(`${server.url}?x=1`),
      request(new URL('/', server.url)),
      request(`${server.url}/x`),
      request(server.url, { method: 'POST', body: 'x' }),
    ].map(async (replying) => {
      const { statusCode, body } = await replying
      await body.dump()
      return statusCode
    }),
  )
  expect(statuses).toEqual([200, 404, 404, 405])
})

test('a page that cannot be made is told of without its reason', async () => {
  const { server, lines } = await open(async () => {
    throw new Error('secret reason')
  })
  const reply = await request(server.url)
  expect([reply.statusCode, await reply.body.text()]).toEqual([500, 'the metrics could not be read\n'])
  expect(lines.join('')).toContain('"event":"metrics.failed"')
  expect(lines.join('')).not.toContain('secret reason')
})

test('a port that is taken is an error and not a silence', async () => {
  const { server } = await open(page)
  const port = Number(new URL(server.url).port)
  await expect(
    serveMetrics({ host: '127.0.0.1', port, page, log: createLog('silent', new Writable()) }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE', port })
})
