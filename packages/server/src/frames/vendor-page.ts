import { ok } from '@cardkeep/core/kernel/result'
import type { Page } from '../http/page.ts'
import type { Services } from '../services.ts'
import type { ElementsFile } from './files.ts'
import { frameHeaders } from './frame-headers.ts'

/**
 * The page of a field that the published SDK 3.8.1 embeds. Its address names no session and no tenant, only the page
 * that it will be in: that must be one of which any tenant has said so, and it is let into that one alone.
 * wire: hellgate §field frames, the address verified; who may embed it is inferred.
 */
export const vendorPage = (
  { store }: { readonly store: Pick<Services['store'], 'origins'> },
  script: ElementsFile,
): Page => ({
  path: '/web/v3.8.1/iframe/',
  answer: async (_visitor, { query }) => {
    const allowed = await store.origins(undefined)
    const embedding = allowed.find(({ origin }) => origin === query['origin'])
    return ok({
      status: embedding ? 200 : 403,
      headers: frameHeaders(embedding ? [embedding] : []),
      contentType: 'text/html; charset=utf-8',
      body: embedding ? writePage(script) : refusedPage,
    })
  },
})

const writePage = ({ mark, digest }: ElementsFile): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Card</title>
<script src="../../../elements/v1/vendor.js?h=${mark}" integrity="${digest}" crossorigin="anonymous" defer></script>
</head>
<body></body>
</html>
`

const refusedPage = `<!doctype html>
<html lang="en">
<title>Card</title>
<p>No tenant of this vault has allowed the origin that this address names.</p>
</html>
`
