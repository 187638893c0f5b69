import { readOneOf } from '../protocol/read.ts'
import { openChannel } from './channel.ts'
import { createField } from './field.ts'
import { fieldTypes } from './words.ts'

/*
 * The script of the frames that the published SDK 3.8.1 embeds. The vault has looked at the address before it served
 * this: its page is in no page but one of that origin.
 */

const start = (): void => {
  const query = new URLSearchParams(location.search)
  const field = readOneOf(fieldTypes)(query.get('field'))
  const origin = query.get('origin')
  // Opened by itself it has nobody to tell, and would tell itself.
  if (!field || !origin || window.parent === window) return
  const tell = openChannel({ origin, field }, (message) => shown.hear(message))
  const shown = createField({ field, tell, now: () => Date.now() })
  document.body.append(shown.node)
  tell({ type: 'ready' })
}

start()
