import type { IncomingMessage } from 'node:http'
import { assets } from './assets.ts'
import type { Customers } from './customers.ts'
import { printMarkup } from './html.ts'
import { type Answer, contentPolicy, isOwnForm, readCookies, readForm } from './http.ts'
import { layOut } from './pages/layout.ts'
import { showBroken } from './pages/problem.ts'
import type { Till } from './payments.ts'
import { chooseLanguage, chooseTheme } from './preferences.ts'
import { notFound, type Reply, routes } from './routes.ts'
import type { Elements, View } from './view.ts'

export interface Call {
  readonly request: IncomingMessage
  readonly shopUrl: string
  readonly till: Till
  readonly customers: Customers
  readonly elements: Elements
}

const price = { value: 149_00, currency: 'EUR' }

/** From a request to a page: who asks, in which language, and what the shop has to say. */
export const answer = async ({ request, shopUrl, till, customers, elements }: Call): Promise<Answer> => {
  const { method = '', url = '/' } = request
  const { pathname, search, searchParams: query } = new URL(url, shopUrl)
  const asset = assets.get(pathname)
  if (asset) return asset
  if (method === 'POST' && !isOwnForm(request, shopUrl)) return { status: 403, headers: {}, body: '' }

  const cookies = readCookies(request)
  const customer = customers.find(cookies.get('visit'))
  const view: View = {
    ...chooseLanguage(cookies.get('lang'), request.headers['accept-language']),
    theme: chooseTheme(cookies.get('theme')),
    path: method === 'GET' ? pathname + search : '/',
    customer,
    price,
    elements,
  }
  const route = Object.hasOwn(routes, `${method} ${pathname}`) ? routes[`${method} ${pathname}`] : undefined
  const form = method === 'POST' ? await readForm(request) : new URLSearchParams()
  const reply = route ? await run(() => route({ till, view, customer, query, form }), view) : notFound(view)
  return encode(reply, view)
}

/** A page that says so is better than none. */
const run = async (route: () => Reply | Promise<Reply>, view: View): Promise<Reply> => {
  try {
    return await route()
  } catch {
    return { type: 'page', status: 500, page: showBroken(view) }
  }
}

const encode = (reply: Reply, view: View): Answer => {
  if (reply.type === 'redirect') {
    const choices = Object.entries(reply.choices ?? {}).map(([name, value]) => spellCookie(name, value))
    return { status: 303, headers: { location: reply.to, 'set-cookie': choices }, body: '' }
  }
  return {
    status: reply.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentPolicy(view.elements.vaultUrl),
      'cache-control': 'no-store',
      'set-cookie': spellCookie('visit', view.customer.id),
    },
    body: printMarkup(layOut(reply.page, view)),
  }
}

const spellCookie = (name: string, value: string): string =>
  `${name}=${encodeURIComponent(value)}; Path=/; HttpOnly; SameSite=Lax`
