import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { readBodies } from './bodies.ts'
import type { ContentKind, Route } from './route.ts'

const opened: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

/** Answers how the body was read, or why it was not. */
const open = (accepts: readonly ContentKind[] | undefined, more: Partial<Route> = {}): FastifyInstance => {
  const app = fastify()
  opened.push(app)
  app.decorateRequest('refusal', undefined)
  readBodies(app)
  app.setErrorHandler((error: { code?: string }, request, reply) =>
    reply.code(400).send([request.refusal?.type ?? error.code]),
  )
  const route = { ...(accepts && { accepts }), ...more } as Route
  app.post('/', { config: { route } }, async ({ content, body }) => [content, body])
  return app
}

const all: readonly ContentKind[] = ['json', 'form', 'xml']

const read = async (
  contentType: string | undefined,
  payload: string | Buffer,
  accepts = all,
): Promise<unknown> => {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  return (await open(accepts).inject({ method: 'POST', url: '/', headers, payload })).json()
}

test.each([
  ['application/json', '{"a":1}', 'json', { a: 1 }],
  ['application/json; charset=utf-8', '[1]', 'json', [1]],
  ['application/x-www-form-urlencoded', 'a=%31', 'form', 'a=%31'],
  ['Application/X-WWW-Form-Urlencoded;charset=UTF-8', 'a=1', 'form', 'a=1'],
  ['application/x-www-form-urlencoded', '', 'form', ''],
  ['application/xml', '<a/>', 'xml', '<a/>'],
  ['text/xml; charset="utf-8"', '<é/>', 'xml', '<é/>'],
  ['application/soap+xml; action="urn:a"; charset=utf-8', '<a/>', 'xml', '<a/>'],
  ['application/vnd.shop.v1+xml', '\ufeff<a/>', 'xml', '\ufeff<a/>'],
])('%s is read as what it is', async (type, payload, content, body) => {
  expect(await read(type, payload)).toEqual([content, body])
})

test.each([
  ['application/x-www-form-urlencoded', ['json']],
  ['text/xml', ['json', 'form']],
  ['application/soap+xml', undefined],
  ['application/x-www-form-urlencoded', undefined],
] as const)('%s is refused where it is not taken', async (type, accepts) => {
  const reply = await open(accepts).inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': type },
    payload: '<a/>',
  })
  expect(reply.json()).toEqual(['ContentTypeNotSupported'])
})

test.each(['iso-8859-1', 'utf-16', '"latin1"', 'utf-8x', '', 'utf-8; charset=latin1', "'utf-8'"])(
  'the charset %s is refused for a form and for XML',
  async (charset) => {
    for (const type of ['application/x-www-form-urlencoded', 'text/xml'])
      expect(await read(`${type}; charset=${charset}`, 'a')).toEqual(['ContentTypeNotSupported'])
  },
)

test('another charset of JSON is refused where its text and its type go on to somebody else', async () => {
  const post = async (charset: string, more: Partial<Route>): Promise<unknown> => {
    const headers = { 'content-type': `application/json; charset=${charset}` }
    const reply = await open(all, more).inject({ method: 'POST', url: '/', headers, payload: '{"a":"é"}' })
    return reply.json()
  }
  expect(await post('utf-16', { keepsText: true })).toEqual(['ContentTypeNotSupported'])
  expect(await post('UTF-8', { keepsText: true })).toEqual(['json', '{"a":"é"}'])
  expect(await post('utf-16', {})).toEqual(['json', { a: 'é' }])
})

test.each([
  'text/plain',
  'multipart/form-data; boundary=a',
  'application/xmlx',
  'text/html',
  'application/octet-stream',
])('%s is nothing that is read', async (type) => {
  expect(await read(type, 'a')).toEqual(['FST_ERR_CTP_INVALID_MEDIA_TYPE'])
})

test('text that is not UTF-8 is not readable', async () => {
  const bytes = Buffer.from([0x61, 0x3d, 0xff])
  for (const type of ['application/x-www-form-urlencoded', 'application/xml', 'application/json'])
    expect(await read(type, bytes)).toEqual(['BodyNotReadable'])
})
