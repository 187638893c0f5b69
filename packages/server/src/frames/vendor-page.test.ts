import type { TenantId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import { expect, test } from 'vitest'
import type { Reply } from '../http/route.ts'
import { vendorPage } from './vendor-page.ts'

const allowed = ['https://shop.example', 'https://other.example:8443'].map((origin, at) => ({
  tenantId: `00000000-0000-4000-8000-00000000a00${at}` as TenantId,
  origin,
  createdAt: epochMs(0),
}))

const page = vendorPage(
  {
    store: {
      origins: async (tenantId) =>
        allowed.filter((row) => tenantId === undefined || row.tenantId === tenantId),
    },
  },
  { text: '', contentType: 'text/javascript', digest: 'sha384-digest', mark: 'mark' },
)

const ask = async (query: Readonly<Record<string, string>>): Promise<Reply> => {
  const answer = await page.answer(
    { requestId: 'r', origin: '127.0.0.1' },
    { params: {}, query, headers: {} },
  )
  if (!answer.ok) throw new Error(answer.error.type)
  return answer.value
}

const ancestorsOf = ({ headers }: Reply): string | undefined =>
  /frame-ancestors (.*?)(?:;|$)/.exec(headers?.['content-security-policy'] ?? '')?.[1]

test('an origin that any tenant has allowed, and no other, may embed the page that names it', async () => {
  for (const { origin } of allowed) {
    const reply = await ask({ field: 'card', origin })
    expect(reply.status).toBe(200)
    expect(ancestorsOf(reply)).toBe(origin)
    expect(reply.body).toContain('integrity="sha384-digest"')
  }
})

test.each([
  ['of a stranger', 'https://elsewhere.example'],
  ['with a path behind it', 'https://shop.example/'],
  ['of another scheme', 'http://shop.example'],
  ['of another port', 'https://shop.example:8443'],
  ['of a name below it', 'https://www.shop.example'],
  ['and another', 'https://shop.example https://elsewhere.example'],
  ['that is every origin', '*'],
  ['that is none', 'null'],
  ['that ends the directive', "https://shop.example; script-src 'unsafe-inline'"],
])('an address with an origin %s is a page without a script that nobody can embed', async (_what, origin) => {
  const reply = await ask({ field: 'card', origin })
  expect(reply.status).toBe(403)
  expect(ancestorsOf(reply)).toBe("'none'")
  expect(reply.body).not.toContain('<script')
  expect(reply.body).not.toContain('elsewhere')
})

test('an address without an origin is the same', async () => {
  const reply = await ask({ field: 'card' })
  expect([reply.status, ancestorsOf(reply)]).toEqual([403, "'none'"])
})
