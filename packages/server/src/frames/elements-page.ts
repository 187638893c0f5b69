import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { parseId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { findSession } from '@cardkeep/core/operations/sessions/find-session'
import type { Page } from '../http/page.ts'
import type { Services } from '../services.ts'
import type { ElementsFile } from './files.ts'
import { type Ancestors, frameHeaders } from './frame-headers.ts'

/** The page that holds the fields of one session. Where there is no such session there is no page, and nothing to embed. */
export const elementsPage = (
  services: Pick<Services, 'sessions' | 'guesses' | 'store'>,
  script: ElementsFile,
): Page => ({
  path: '/elements/v1/frame/:session_id',
  answer: async (visitor, { params }) => {
    const id = parseId<CaptureId>(params['session_id'] ?? '')
    if (id === undefined) return refuse({ type: 'SessionNotFound' })
    const found = await findSession(services, visitor, id)
    if (!found.ok) return found
    const origins = await services.store.origins(found.value.session.tenantId)
    return ok({
      status: 200,
      headers: frameHeaders(origins),
      contentType: 'text/html; charset=utf-8',
      body: writePage(script, origins),
    })
  },
})

/** Its addresses are relative, because a proxy may have the vault below a path of its own. */
const writePage = ({ mark, digest }: ElementsFile, origins: Ancestors): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Card</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="cardkeep-origins" content="${origins.map(({ origin }) => escape(origin)).join(' ')}">
<script src="../frame.js?h=${mark}" integrity="${digest}" crossorigin="anonymous" defer></script>
</head>
<body></body>
</html>
`

/** No origin has such characters; this page does not rely on it. */
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
