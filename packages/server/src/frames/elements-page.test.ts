import type { CaptureId, TenantId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { FoundSession } from '@cardkeep/core/sessions/capture-session'
import { expect, test } from 'vitest'
import { elementsPage } from './elements-page.ts'

const id = '00000000-0000-4000-8000-000000000001'
const tenantId = '00000000-0000-4000-8000-00000000000a' as TenantId
const script = { text: '', contentType: 'text/javascript', digest: 'sha384-digest', mark: 'mark' }

/** A vault that knows one session, and whose tenant allows these origins. */
const open = (origins: readonly string[]) => {
  const failed: string[] = []
  const page = elementsPage(
    {
      sessions: {
        find: async (wanted: CaptureId) =>
          wanted === id ? ({ type: 'found', session: { tenantId } } as unknown as FoundSession) : undefined,
      } as never,
      guesses: { waitSeconds: async () => undefined, failed: async (marks) => void failed.push(...marks) },
      store: {
        origins: async (of: TenantId | undefined) =>
          of === tenantId ? origins.map((origin) => ({ tenantId, origin, createdAt: epochMs(0) })) : [],
      } as never,
    },
    script,
  )
  const ask = (session: string) =>
    page.answer(
      { requestId: 'r', origin: '127.0.0.1' },
      { params: { session_id: session }, query: {}, headers: {} },
    )
  const reply = async () => {
    const answer = await ask(id)
    if (!answer.ok) throw new Error(answer.error.type)
    return answer.value
  }
  return { ask, reply, failed }
}

const policyOf = (headers: Readonly<Record<string, string>> | undefined) =>
  headers?.['content-security-policy']?.split('; ')

test('the page lets in what the tenant allows, and permits itself nothing but its script and its vault', async () => {
  const { headers } = await open(['https://shop.example', 'http://localhost:3000']).reply()
  expect(policyOf(headers)).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "style-src 'none'",
    "img-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    'frame-ancestors https://shop.example http://localhost:3000',
  ])
})

test('where no origin is allowed no page may embed it', async () => {
  const { headers } = await open([]).reply()
  expect(policyOf(headers)?.at(-1)).toBe("frame-ancestors 'none'")
})

test('the page is not kept, tells nobody where it came from, and sets no cookie', async () => {
  const { headers } = await open(['https://shop.example']).reply()
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'cross-origin-embedder-policy': 'require-corp',
  })
  expect(headers?.['permissions-policy']).toContain('camera=()')
  expect(headers).not.toHaveProperty('set-cookie')
})

test('the page has one script, which names its digest, and the origins that its frame may answer', async () => {
  const { body } = await open(['https://shop.example', 'https://other.example']).reply()
  const text = body as string
  expect(text.match(/<script/g)).toHaveLength(1)
  expect(text).toContain(
    '<script src="../frame.js?h=mark" integrity="sha384-digest" crossorigin="anonymous" defer>',
  )
  expect(text).toContain('content="https://shop.example https://other.example"')
  expect(text).not.toMatch(/<style|style=|onload|<link/)
})

test('an origin cannot end the attribute that it stands in', async () => {
  const { body } = await open(['https://a"><script>']).reply()
  expect((body as string).match(/<script/g)).toHaveLength(1)
})

test('for a session that is not there is no page, and who asks for many is counted', async () => {
  const { ask, failed } = open(['https://shop.example'])
  const refused = { ok: false, error: { type: 'SessionNotFound' } }
  expect(await ask(id.replace('1', '2'))).toEqual(refused)
  expect(failed).toHaveLength(1)
  expect(await ask('nonsense')).toEqual(refused)
})
