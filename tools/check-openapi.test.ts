import type { OpenApiDocument } from '@cardkeep/server/http/openapi/documents'
import { expect, test } from 'vitest'
import { checkOpenApi, makeDocuments } from './check-openapi.ts'

type Operation = Record<string, unknown>

const whole = (): OpenApiDocument => {
  const document = makeDocuments().get('openapi.json')
  if (!document) throw new Error('there is no document of the whole')
  return structuredClone(document)
}

/** What is found once one operation was changed. */
const findingsAfter = async (change: (operation: Operation) => void): Promise<readonly string[]> => {
  const document = whole()
  change((document.paths['/tokenize'] as { post: Operation }).post)
  const findings = await checkOpenApi(new Map([['openapi.json', document]]))
  return findings.map(({ wrong }) => wrong.split(' ')[0] ?? '')
}

test('every document that is served is good OpenAPI', async () => {
  const documents = makeDocuments()
  expect([...documents.keys()]).toContain('openapi/ozura.json')
  expect(await checkOpenApi(documents)).toEqual([])
})

test.each<[string, string, (operation: Operation) => void]>([
  ['summary', 'operation-summary', (operation) => delete operation['summary']],
  ['name', 'operation-operationId', (operation) => delete operation['operationId']],
  ['tag', 'rule/operation-has-tags', (operation) => Object.assign(operation, { tags: [] })],
  [
    'tag that is described',
    'operation-tag-defined',
    (operation) => Object.assign(operation, { tags: ['x'] }),
  ],
  [
    'refusal',
    'operation-4xx-response',
    (operation) => Object.assign(operation, { responses: { 200: { description: 'x' } } }),
  ],
  [
    'good answer',
    'operation-2xx-response',
    (operation) => Object.assign(operation, { responses: { 400: { description: 'x' } } }),
  ],
  ['credential', 'security-defined', (operation) => delete operation['security']],
  [
    'credential that is described',
    'security-defined',
    (operation) => Object.assign(operation, { security: [{ x: [] }] }),
  ],
  [
    'schema of its kind',
    'struct',
    (operation) =>
      Object.assign(operation, { requestBody: { content: { x: { schema: { type: 'text' } } } } }),
  ],
])('an operation without a %s is found', async (_what, rule, change) => {
  expect(await findingsAfter(change)).toContain(rule)
})
