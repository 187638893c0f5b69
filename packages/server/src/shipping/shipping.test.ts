import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import type { Change } from '@cardkeep/core/changes'
import { openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, expect, test } from 'vitest'
import { readExport } from '../audit/read-export.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { AuditSinkSettings } from '../config.ts'
import { openByteStream } from '../egress/byte-stream.ts'
import { createEgress } from '../egress/egress.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { createFileSink } from './file-sink.ts'
import { type ShipPorts, shipAudit } from './ship-audit.ts'
import { createShipping } from './shipping.ts'
import type { AuditSink } from './sink.ts'
import { createSyslogSink } from './syslog-sink.ts'

const cleaning: (() => Promise<unknown> | undefined)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean()
})

const open = async (): Promise<TestVault> => {
  const vault = await openTestVault()
  cleaning.push(() => vault.close())
  return vault
}

const write = async ({ store, clock }: TestVault, ...notes: readonly string[]): Promise<void> => {
  for (const note of notes) await store.commit([noteAt(clock.now(), note)])
}

const noteAt = (at: ReturnType<TestVault['clock']['now']>, note: string): Change => ({
  type: 'audit',
  entry: {
    at,
    action: 'tenant.changed',
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'operator', id: 'operator' },
    origin: undefined,
    requestId: undefined,
    subject: undefined,
    details: { note },
  },
})

/** Keeps what it is given; fails as often as it is told to. */
const listen = () => {
  const pieces: (readonly string[])[] = []
  let failures = 0
  const sink: AuditSink = {
    name: 'listener',
    write: async (lines) => {
      if (failures-- > 0) throw new Error('away')
      pieces.push(lines)
    },
    close: async () => {},
  }
  return {
    sink,
    pieces,
    failNext: () => {
      failures = 1
    },
    lines: () => pieces.flat(),
    types: () => pieces.map((piece) => piece.map((line) => (JSON.parse(line) as { type: string }).type)),
  }
}

const verifyLines = async (lines: readonly string[]) => {
  const path = join(makeWorkspace().path, 'shipped.jsonl')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return verifyAudit(await readExport(path))
}

test('a sink gets every entry once, in order, and the signature of what it has', async () => {
  const vault = await open()
  const { sink, pieces, lines, types } = listen()
  await write(vault, 'one', 'two')
  await shipAudit(vault, sink)
  await write(vault, 'three')
  await checkpointAudit(vault.store, vault.signer, vault.clock)
  await shipAudit(vault, sink)
  await shipAudit(vault, sink)
  expect(pieces).toHaveLength(2)
  expect(types()[1]).toEqual(['audit', 'entry', 'checkpoint'])
  const { seq } = await vault.store.auditHead()
  expect(await verifyLines(lines())).toMatchObject({ ok: true, entries: seq, signedUpTo: seq })
  expect(await verifyLines(pieces[1] ?? [])).toMatchObject({ ok: true, from: seq, signedUpTo: seq })
})

test('more entries than go at a time all go', async () => {
  const vault = await open()
  const { sink, pieces, lines } = listen()
  await Promise.all(Array.from({ length: 1_200 }, (_, at) => write(vault, `note ${at}`)))
  await shipAudit(vault, sink)
  expect(pieces.length).toBeGreaterThan(2)
  expect(await verifyLines(lines())).toMatchObject({ ok: true, entries: (await vault.store.auditHead()).seq })
})

test('a slow place keeps nobody from stopping: what it did not get by then waits for the next start', async () => {
  const vault = await open()
  await Promise.all(Array.from({ length: 3_000 }, (_, at) => write(vault, `note ${at}`)))
  let pieces = 0
  const begun = Promise.withResolvers<void>()
  const answers: (() => void)[] = []
  const slow = {
    isOpen: () => true,
    close: () => {},
    write: () => {
      pieces++
      begun.resolve()
      return new Promise<void>((resolve) => answers.push(resolve))
    },
  }
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const settings: AuditSinkSettings = {
    type: 'syslog',
    name: 'syslog+tcp://slow:601',
    target: 'slow:601',
    secure: false,
    caFile: undefined,
    tokenFile: undefined,
  }
  const egress = { admit: () => expect.unreachable(), send: () => expect.unreachable() }
  const shipping = createShipping({ ...vault, log, egress, openStream: async () => slow, finishMs: 20 }, [
    settings,
    settings,
  ])
  // The same place named twice is one place.
  expect(shipping.jobs).toHaveLength(1)
  const run = shipping.jobs[0]?.run()
  await begun.promise
  shipping.hurry()
  answers.splice(0).forEach((answer) => answer())
  await run
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  expect(pieces).toBe(1)
  await shipping.finish()
  expect(pieces).toBe(2)
})

test('a signature is sent alone where its entries were sent before', async () => {
  const vault = await open()
  const { sink, types } = listen()
  await write(vault, 'one')
  await shipAudit(vault, sink)
  await checkpointAudit(vault.store, vault.signer, vault.clock)
  await shipAudit(vault, sink)
  expect(types().at(-1)).toEqual(['audit', 'checkpoint'])
})

test('what a sink did not take is sent again', async () => {
  const vault = await open()
  const { sink, failNext, lines } = listen()
  await write(vault, 'one')
  failNext()
  await expect(shipAudit(vault, sink)).rejects.toThrow('away')
  await write(vault, 'two')
  await shipAudit(vault, sink)
  expect(await verifyLines(lines())).toMatchObject({ ok: true, entries: (await vault.store.auditHead()).seq })
})

test('a crash between sending and remembering sends twice, and the log still proves itself', async () => {
  const vault = await open()
  const { sink, pieces, lines } = listen()
  await write(vault, 'one')
  const forgetful: ShipPorts['store'] = { ...vault.store, commit: () => Promise.reject(new Error('crash')) }
  await expect(shipAudit({ store: forgetful, clock: vault.clock }, sink)).rejects.toThrow('crash')
  await write(vault, 'two')
  await shipAudit(vault, sink)
  expect(pieces).toHaveLength(2)
  expect(await verifyLines(lines())).toMatchObject({ ok: true, entries: (await vault.store.auditHead()).seq })
})

test('two sinks have places of their own', async () => {
  const vault = await open()
  const first = listen()
  const second = listen()
  await write(vault, 'one')
  await shipAudit(vault, first.sink)
  await shipAudit(vault, { ...second.sink, name: 'another' })
  expect(second.lines()).toEqual(first.lines())
})

test('a file gets whole lines, even after a crash cut one off, and may be rotated', async () => {
  const vault = await open()
  const path = join(makeWorkspace().path, 'audit.jsonl')
  const sink = createFileSink('file', path)
  await write(vault, 'one')
  await shipAudit(vault, sink)
  appendFileSync(path, '{"type":"entry","se')
  await write(vault, 'two')
  await checkpointAudit(vault.store, vault.signer, vault.clock)
  await shipAudit(vault, sink)
  const { seq } = await vault.store.auditHead()
  expect(await verifyAudit(await readExport(path))).toMatchObject({ ok: true, entries: seq, signedUpTo: seq })

  renameSync(path, `${path}.1`)
  await write(vault, 'three')
  await shipAudit(vault, sink)
  expect(await verifyAudit(await readExport(path))).toMatchObject({ ok: true, from: seq + 1, entries: 1 })
  expect(await verifyAudit(await readExport(`${path}.1`))).toMatchObject({ ok: true, entries: seq })
})

test('a file that is one cut line begins anew', async () => {
  const path = join(makeWorkspace().path, 'audit.jsonl')
  writeFileSync(path, 'x'.repeat(200_000))
  await createFileSink('file', path).write(['{"type":"audit"}'])
  expect(readFileSync(path, 'utf8')).toBe('{"type":"audit"}\n')
})

/** A server that keeps what it reads. */
const collector = async (tls?: { readonly cert: string; readonly key: string }) => {
  let text = ''
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket): void => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
  }
  const server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleaning.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    read: async (isWhole: (text: string) => boolean) => {
      await expect.poll(() => isWhole(text), { timeout: 5_000 }).toBe(true)
      return text
    },
    received: () => text,
    drop: () => {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
  }
}

/** The messages of a stream, each with its length before it. */
const unframe = (text: string): readonly string[] => {
  const messages: string[] = []
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const space = rest.indexOf(0x20)
    const length = Number(rest.subarray(0, space).toString())
    messages.push(rest.subarray(space + 1, space + 1 + length).toString('utf8'))
    rest = rest.subarray(space + 1 + length)
  }
  return messages
}

test('syslog over TCP has a length, a header of RFC 5424 and the line', async () => {
  const vault = await open()
  const { address, read, received, drop } = await collector()
  const connect = () => openByteStream({ address, secure: false, ca: undefined })
  const sink = createSyslogSink('syslog', connect, vault.clock)
  cleaning.push(() => sink.close())
  await sink.write(['{"type":"audit"}', '{"note":"é"}'])
  const [first = '', second = ''] = unframe(await read((text) => text.endsWith('é"}')))
  const header = /^<110>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ cardkeep - audit - \uFEFF/
  expect(first).toMatch(header)
  expect(first.replace(header, '')).toBe('{"type":"audit"}')
  expect(second.replace(header, '')).toBe('{"note":"é"}')

  // What is written while the loss of the connection is not yet known is lost: the protocol acknowledges nothing.
  drop()
  await expect
    .poll(
      async () => {
        await sink.write(['{"again":true}']).catch(() => {})
        return received().includes('again')
      },
      { timeout: 4_000 },
    )
    .toBe(true)
})

const authority = await makeAuthority('Audit')
const identity = await authority.issue({ name: 'collector', hostnames: ['localhost'] })
const tls = { cert: identity.certificate, key: identity.key }

test('syslog over TLS goes only to a server of the authority that is named', async () => {
  const vault = await open()
  const { address, read } = await collector(tls)
  const connect = (ca: string | undefined) => () => openByteStream({ address, secure: true, ca })
  const sink = createSyslogSink('syslog', connect(authority.caPem), vault.clock)
  cleaning.push(() => sink.close())
  await sink.write(['{"type":"audit"}'])
  await read((text) => text.includes('{"type":"audit"}'))
  await expect(createSyslogSink('syslog', connect(undefined), vault.clock).write(['{}'])).rejects.toThrow(
    Error,
  )
})

test('HTTP takes lines with a token, a sink that is away is told of once, and nothing is lost', async () => {
  const vault = await open()
  const folder = makeWorkspace().path
  const caFile = join(folder, 'ca.pem')
  const tokenFile = join(folder, 'token')
  writeFileSync(caFile, authority.caPem)
  writeFileSync(tokenFile, 'a-token\n')
  const bodies: string[] = []
  const seen: (string | undefined)[] = []
  let status = 503
  const server = createHttpsServer(tls, (request, response) => {
    seen.push(request.headers.authorization, request.headers['content-type'])
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        if (status === 204) bodies.push(Buffer.concat(chunks).toString())
        response.writeHead(status).end()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleaning.push(() => new Promise((resolve) => server.close(resolve)))
  const egress = createEgress({
    openClientKey: () => Promise.reject(new Error('no client key')),
    openHeader: () => Promise.reject(new Error('no header')),
  })
  cleaning.push(() => egress.close())
  const target = `https://localhost:${(server.address() as AddressInfo).port}/audit`
  const settings: AuditSinkSettings = { type: 'http', name: target, target, secure: true, caFile, tokenFile }
  const told: string[] = []
  const tell = (event: string) => void told.push(event)
  const log = { info: tell, warn: tell, error: tell }
  const shipping = createShipping({ ...vault, log, egress, openStream: openByteStream }, [settings])
  const [job] = shipping.jobs

  await write(vault, 'one')
  await job?.run()
  await job?.run()
  expect(told).toEqual(['audit.shipping.failed'])
  status = 204
  await write(vault, 'two')
  await job?.run()
  expect(told).toEqual(['audit.shipping.failed', 'audit.shipping.resumed'])
  await write(vault, 'three')
  await shipping.finish()
  expect(seen.slice(0, 2)).toEqual(['Bearer a-token', 'application/x-ndjson'])
  const lines = bodies.join('').trim().split('\n')
  expect(await verifyLines(lines)).toMatchObject({ ok: true, entries: (await vault.store.auditHead()).seq })
})
