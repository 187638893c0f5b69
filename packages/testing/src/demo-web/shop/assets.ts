import { readFileSync } from 'node:fs'
import type { Answer } from './http.ts'

const readAsset = (file: URL, type: string): Answer => ({
  status: 200,
  headers: { 'content-type': type, 'cache-control': 'no-cache' },
  body: readFileSync(file),
})

/** What a browser loads from the shop beside its pages. */
export const assets: ReadonlyMap<string, Answer> = new Map([
  ['/style.css', readAsset(new URL('./assets/style.css', import.meta.url), 'text/css; charset=utf-8')],
  ['/pay.js', readAsset(new URL('./assets/pay.js', import.meta.url), 'text/javascript; charset=utf-8')],
  ['/copy.js', readAsset(new URL('./assets/copy.js', import.meta.url), 'text/javascript; charset=utf-8')],
  ['/favicon.svg', readAsset(new URL('./assets/favicon.svg', import.meta.url), 'image/svg+xml')],
])
