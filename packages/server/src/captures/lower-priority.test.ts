import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** A process that starts one thread, which lowers its priority and then has work for all those that the process shares. */
const program = `
const { readdirSync, readFileSync } = require('node:fs')
const { Worker } = require('node:worker_threads')

/** proc(5): the name in brackets, and the nineteenth field. */
const threads = () => readdirSync('/proc/self/task').flatMap((id) => {
  try {
    const [, name, rest] = /\\((.*)\\) (.*)/s.exec(readFileSync('/proc/self/task/' + id + '/stat', 'utf8'))
    return [{ isFirst: id === String(process.pid), isShared: name.startsWith('libuv'), nice: Number(rest.split(' ')[16]) }]
  } catch {
    // It has just ended.
    return []
  }
})
const [{ nice: usual }] = threads().filter(({ isFirst }) => isFirst)
const worker = new Worker(\`
  import('\${process.argv[1]}').then(async ({ lowerPriority }) => {
    await lowerPriority()
    await crypto.subtle.digest('SHA-256', new Uint8Array(1))
    const { parentPort } = require('node:worker_threads')
    // It stays until it is looked at.
    parentPort.on('message', () => undefined)
    parentPort.postMessage('lowered')
  })
\`, { eval: true })
worker.on('message', () => {
  const all = threads()
  console.log(JSON.stringify({
    lowered: all.filter(({ nice }) => nice > usual).map(({ isFirst, isShared, nice }) => [isFirst, isShared, nice - usual]),
    first: all.filter(({ isFirst, nice }) => isFirst && nice === usual).length,
    shared: all.filter(({ isShared, nice }) => isShared && nice === usual).length,
  }))
  worker.terminate()
})
`

test('one thread steps back, and neither the first one nor those that all share do', async (context) => {
  context.skip(process.platform !== 'linux', 'elsewhere nothing is lowered')
  const { href } = new URL('./lower-priority.ts', import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program, href], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '4', NODE_OPTIONS: '' },
  })
  expect(JSON.parse(stdout)).toEqual({ lowered: [[false, false, 10]], first: 1, shared: 4 })
})
