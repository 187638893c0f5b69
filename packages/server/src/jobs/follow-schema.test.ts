import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import { createSchemaFollower } from './follow-schema.ts'

const open = () => {
  const told: unknown[] = []
  const out = new PassThrough().on('data', (chunk: Buffer) => {
    const { event: msg, version, needs } = JSON.parse(chunk.toString()) as Record<string, unknown>
    told.push([msg, version, needs])
  })
  const standing = { version: 9, needs: 0, known: 9 }
  let ends = 0
  const look = createSchemaFollower({
    store: { schema: async () => ({ ...standing }) },
    log: createLog('info', out),
    onOutgrown: () => void ends++,
  })
  return { told, standing, look, ends: () => ends }
}

test('a schema with more in it is told once, and used', async () => {
  const { told, standing, look, ends } = open()
  await look()
  expect(told).toEqual([])
  standing.version = 10
  await look()
  await look()
  expect(told).toEqual([['schema.newer', 10, undefined]])
  standing.version = 11
  await look()
  expect(told).toHaveLength(2)
  expect(ends()).toBe(0)
})

test('a schema that needs what this program knows is used on', async () => {
  const { standing, look, ends } = open()
  Object.assign(standing, { version: 11, needs: 9 })
  await look()
  expect(ends()).toBe(0)
})

test('a schema that needs a newer program ends this one, once', async () => {
  const { told, standing, look, ends } = open()
  Object.assign(standing, { version: 11, needs: 10 })
  await look()
  await look()
  expect(ends()).toBe(1)
  expect(told).toEqual([['schema.outgrown', 11, 10]])
})
