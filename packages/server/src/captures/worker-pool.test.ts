import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { captureSkewMs, captureWindowMs } from '@cardkeep/core/captures/capture-key'
import { UnavailableError } from '@cardkeep/core/errors'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { drawPair } from '@cardkeep/testing/captures/messages'
import { createFixedClock } from '@cardkeep/testing/clock'
import { tenantAt } from '@cardkeep/testing/keys/fixture'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { createMessage, encrypt } from 'openpgp'
import { afterEach, expect, test, vi } from 'vitest'
import { createWorkerPool, type WorkerPool, type WorkerPoolParts } from './worker-pool.ts'

const pools: WorkerPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.dropAll()))
})

/** A worker that does what its cards say, with the messages of the real one. */
const obedient = `
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
const keys = new Set()
const seen = []
const does = {
  hang: () => { for (;;); },
  grow: () => { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)) },
  die: () => { throw new Error('dies') },
  fail: () => parentPort.postMessage({ type: 'failed' }),
  keys: () => say([...keys].toSorted().join(' ')),
  seen: () => say(seen.join(' ')),
  look: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    const behind = []
    for (let told; (told = receiveMessageOnPort(parentPort)); ) behind.push(told.message)
    say(behind.length + ' behind')
    for (const told of behind) hear(told)
  },
}
const say = (text) => parentPort.postMessage({ type: 'opened', text: new TextEncoder().encode(text) })
const hear = ({ type, keyId, ciphertext }) => {
  if (type === 'key') return keys.add(keyId)
  if (type === 'forget') return keys.delete(keyId)
  seen.push(ciphertext)
  const act = does[ciphertext]
  act ? act() : say(ciphertext)
}
parentPort.on('message', hear)
parentPort.postMessage({ type: 'ready' })
`

const writeWorker = (source: string): URL => {
  const file = join(makeWorkspace().path, 'worker.mjs')
  writeFileSync(file, source)
  return pathToFileURL(file)
}
const entry = writeWorker(obedient)

const tenantId = tenantAt(1)

const open = (parts: Partial<WorkerPoolParts> = {}) => {
  const clock = createFixedClock()
  const pool = createWorkerPool({ size: 1, clock, jobMs: 300, entry, ...parts })
  pools.push(pool)
  const loads: string[] = []
  const run = async (ciphertext: string, keyId = 'a key', tenant = 1, keyUntil?: EpochMs) => {
    const loadKey = async () => {
      loads.push(keyId)
      return new Secret('an armored key')
    }
    const opened = await pool.open({ tenantId: tenantAt(tenant), keyId, keyUntil, ciphertext, loadKey })
    return opened.ok ? ok(Buffer.from(opened.value).toString()) : opened
  }
  const runOf = (tenant: number, ciphertext: string) => run(ciphertext, `key of ${tenant}`, tenant)
  return { pool, run, runOf, loads, clock }
}

const tooMany = new UnavailableError('too many captured cards of a tenant wait to be opened')
const perTenant = 250

test('cards are answered, each with its own text, by as many workers as there may be', async () => {
  const { run, loads } = open({ size: 2 })
  const texts = Array.from({ length: 50 }, (_, at) => `text ${at}`)
  expect(await Promise.all(texts.map((text) => run(text)))).toEqual(texts.map((text) => ok(text)))
  expect(loads).toHaveLength(2)
})

test('a card that takes too long is refused, and those behind it are opened by another worker', async () => {
  const { run } = open()
  const all = [run('one'), run('hang'), run('two'), run('three'), run('seen')]
  expect(await Promise.all(all)).toEqual([
    ...[ok('one'), refuse('took too long'), ok('two'), ok('three')],
    // In the order in which they came.
    ok('two three seen'),
  ])
})

test('while one worker hangs the other answers', async () => {
  const { run } = open({ size: 2, jobMs: 2_000 })
  await Promise.all([run('one'), run('two')])
  let isOver = false
  const hangs = run('hang').finally(() => {
    isOver = true
  })
  for (let at = 0; at < 20; at++) expect(await run(`text ${at}`)).toEqual(ok(`text ${at}`))
  expect(isOver).toBe(false)
  expect(await hangs).toEqual(refuse('took too long'))
})

test('a card that takes more memory than there is for it is refused, and those behind it are opened', async () => {
  const { run } = open({ jobMs: 15_000 })
  expect(await Promise.all([run('grow'), run('two')])).toEqual([refuse('expands too far'), ok('two')])
})

test('a card whose worker dies is told that the vault could not, without a word of why, and the next is opened', async () => {
  const { run } = open({ jobMs: 15_000 })
  // Has begun: of a thread that dies at once its word that it is ready may be lost, and then it never was.
  await run('one')
  const [died, two] = [run('die'), run('two')]
  await expect(died).rejects.toThrow(new UnavailableError('the worker that opens captured cards was lost'))
  expect(await two).toEqual(ok('two'))
})

test('a card that makes its worker fail is told the same', async () => {
  await expect(open().run('fail')).rejects.toThrow(UnavailableError)
})

test('a card that loses its worker through others is opened, however many they are', async () => {
  const { run } = open()
  const all = [run('hang'), run('hang'), run('hang'), run('hang'), run('last')]
  const late = refuse('took too long')
  expect(await Promise.all(all)).toEqual([late, late, late, late, ok('last')])
})

test('a card that lost its worker through another is handed to the next with no other beside it', async () => {
  const { runOf } = open()
  await runOf(1, 'first')
  const usual = ['look', 'one', 'two', 'three'].map((text) => runOf(1, text))
  expect((await Promise.all(usual))[0]).toEqual(ok('3 behind'))
  const hangs = runOf(1, 'hang')
  const behind = [2, 2, 3, 3, 3].map((tenant) => runOf(tenant, 'look'))
  const last = runOf(3, 'last')
  expect(await hangs).toEqual(refuse('took too long'))
  // Three had been handed out; the fourth is followed by one of those, and the fifth by one that is new.
  const alone = ok('0 behind')
  expect(await Promise.all(behind)).toEqual([alone, alone, alone, alone, ok('1 behind')])
  expect(await last).toEqual(ok('last'))
})

test('the tenants take turns: one that has much to open holds up the others by its turn alone', async () => {
  const { runOf } = open()
  await runOf(1, 'first')
  const much = Array.from({ length: 40 }, (_, at) => runOf(1, `much-${at}`))
  const seen = runOf(2, 'seen')
  expect(await seen).toEqual(ok('first much-0 much-1 much-2 much-3 much-4 seen'))
  await Promise.all(much)
})

test('a card that waits too long is told so, wherever it waits, and the worker goes on', async () => {
  const { pool, runOf } = open({ jobMs: 60_000, waitMs: 200 })
  const hangs = runOf(1, 'hang').catch((error: unknown) => error)
  const behind = ['one', 'two', 'three', 'four', 'five'].map((text) => runOf(2, text))
  for (const each of await Promise.allSettled(behind))
    expect(each).toMatchObject({
      reason: new UnavailableError('a captured card waited too long to be opened'),
    })
  // What is being opened does not wait.
  await pool.dropAll()
  expect(await hangs).toEqual(new UnavailableError('the worker that opens captured cards was lost'))
  expect(await runOf(2, 'next')).toEqual(ok('next'))
})

test('a card that was given up is opened by nobody once its worker was lost', async () => {
  const { runOf } = open({ jobMs: 600, waitMs: 200 })
  const hangs = runOf(1, 'hang')
  await expect(runOf(2, 'given-up')).rejects.toThrow('waited too long')
  expect(await hangs).toEqual(refuse('took too long'))
  expect(await runOf(2, 'seen')).toEqual(ok('seen'))
})

test('workers that do not begin are not started for ever', async () => {
  const { run } = open({ entry: writeWorker("throw new Error('does not begin')") })
  await expect(Promise.all([run('one'), run('two')])).rejects.toThrow(UnavailableError)
})

test('of the cards of one tenant some wait, and more are sent away, and another tenant is still served', async () => {
  const { pool, runOf } = open({ jobMs: 60_000 })
  const texts = ['hang', ...Array.from({ length: perTenant - 1 }, () => 'waits')]
  const waiting = Promise.allSettled(texts.map((text) => runOf(1, text)))
  await expect(runOf(1, 'one too many')).rejects.toThrow(tooMany)
  let isSentAway = false
  const other = runOf(2, 'of another').catch((error: Error) => {
    isSentAway = error.message === tooMany.message
  })
  await Promise.resolve()
  expect(isSentAway).toBe(false)
  await pool.dropAll()
  const settled = await waiting
  expect(settled.every((each) => each.status === 'rejected' && each.reason instanceof UnavailableError)).toBe(
    true,
  )
  await other
  expect(isSentAway).toBe(false)
})

test('however a card ends it makes room for another of its tenant', async () => {
  const { runOf } = open({ jobMs: 1_000 })
  const ends = ['hang', 'die', 'fail', 'one']
  const ended = await Promise.allSettled(ends.map((text) => runOf(1, text)))
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  const texts = Array.from({ length: perTenant }, (_, at) => `text ${at}`)
  expect(await Promise.all(texts.map((text) => runOf(1, text)))).toEqual(texts.map((text) => ok(text)))
})

test('a key that cannot be had fails its own cards, and is asked for again', async () => {
  const { pool, run } = open()
  const gone = new Error('no such key')
  const failing = pool.open({
    ...{ tenantId, keyId: 'a key', keyUntil: undefined, ciphertext: 'one' },
    loadKey: () => Promise.reject(gone),
  })
  await expect(failing).rejects.toBe(gone)
  expect(await run('two')).toEqual(ok('two'))
})

test('a worker is told a key once, and knows only the last hundred', async () => {
  const { run, loads } = open()
  for (let at = 0; at < 101; at++) for (const text of ['one', 'two']) await run(text, `key ${at}`)
  expect(loads).toHaveLength(101)
  const known = await run('keys', 'key 100')
  expect(known.ok && known.value.match(/key \d+/g)).toHaveLength(100)
  expect(known.ok && known.value.split(/(?= key)/).includes('key 0')).toBe(false)
  await run('one', 'key 0')
  expect(loads.at(-1)).toBe('key 0')
})

const goodForMs = captureWindowMs + captureSkewMs

test('a key that nobody asks for is forgotten, and one that is asked for is not', async () => {
  const { pool, run, loads, clock } = open()
  await run('one', 'used')
  await run('one', 'idle')
  clock.advance(goodForMs)
  pool.tend()
  expect(await run('keys', 'used')).toEqual(ok('idle used'))
  // Whatever the other clock does.
  clock.step(-hourMs)
  clock.advance(1)
  pool.tend()
  expect(await run('keys', 'used')).toEqual(ok('used'))
  await run('three', 'idle')
  expect(loads).toEqual(['used', 'idle', 'idle'])
})

test('a retired key is forgotten when it opens nothing any more, however often it was asked for', async () => {
  const { pool, run, loads, clock } = open()
  const until = epochMs(clock.now() + goodForMs)
  await run('one', 'retired')
  await run('one', 'active')
  clock.advance(goodForMs)
  // By now the record says so.
  await run('two', 'retired', 1, until)
  pool.tend()
  expect(await run('keys', 'active')).toEqual(ok('active retired'))
  clock.advance(1)
  pool.tend()
  expect(await run('keys', 'active')).toEqual(ok('active'))
  expect(loads).toEqual(['retired', 'active'])
})

test('once all is dropped nothing that was under way is answered, and workers begin anew without a key', async () => {
  const { pool, run, loads } = open({ size: 2, jobMs: 60_000 })
  await run('one')
  const lost = [run('hang'), run('hang'), run('behind'), run('behind')].map((each) =>
    each.catch((e: unknown) => e),
  )
  await vi.waitFor(() => expect(loads).toHaveLength(2))
  await pool.dropAll()
  for (const each of await Promise.all(lost)) expect(each).toBeInstanceOf(UnavailableError)
  expect(await run('keys')).toEqual(ok('a key'))
  expect(loads).toHaveLength(3)
})

test('a card whose key comes after all was dropped is not opened, and nobody is given the key', async () => {
  const { pool, run } = open()
  await run('one')
  let give: (key: Secret<string>) => void = () => undefined
  const late = pool.open({
    ...{ tenantId, keyId: 'late', keyUntil: undefined, ciphertext: 'keys' },
    loadKey: () =>
      new Promise((resolve) => {
        give = resolve
      }),
  })
  await pool.dropAll()
  give(new Secret('an armored key'))
  await expect(late).rejects.toThrow(UnavailableError)
  expect(await run('keys')).toEqual(ok('a key'))
})

test('a pool starts no worker before there is a card', async () => {
  const { pool, loads } = open({ entry: writeWorker("throw new Error('started')") })
  pool.tend()
  await pool.dropAll()
  expect(loads).toEqual([])
})

test('the real worker opens what the library encrypted, and goes on after what is no good', async () => {
  const pair = await drawPair()
  const { pool } = open({ entry: new URL('./worker.ts', import.meta.url), jobMs: 15_000 })
  const loadKey = async () => new Secret(pair.privateKey.armor())
  const message = await createMessage({ text: 'a text' })
  const good = String(await encrypt({ message, encryptionKeys: pair.publicKey }))
  for (const [ciphertext, expected] of [
    [good, 'a text'],
    ['nothing', 'not a message'],
    [good.slice(0, 200), 'damaged'],
    [good, 'a text'],
  ] as const) {
    const opened = await pool.open({ tenantId, keyId: 'real', keyUntil: undefined, ciphertext, loadKey })
    expect(opened.ok ? Buffer.from(opened.value).toString() : opened.error).toBe(expected)
    // Handed over as a whole: nothing else of the library's memory comes with it.
    if (opened.ok) expect(opened.value.buffer.byteLength).toBe(opened.value.length)
  }
  const broken = pool.open({
    ...{ tenantId, keyId: 'no key', keyUntil: undefined, ciphertext: good },
    loadKey: async () => new Secret('none'),
  })
  await expect(broken).rejects.toThrow(new UnavailableError('a captured card could not be opened'))
})
