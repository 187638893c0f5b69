import { parentPort } from 'node:worker_threads'
import type { PrivateKey } from 'openpgp'
import { lowerPriority } from './lower-priority.ts'
import { openMessage } from './open-message.ts'
import { readCapturePrivateKey } from './read-private-key.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/*
 * Opens what strangers made, in a thread of its own: one that takes too long or too much memory is ended by whoever
 * started it, and the vault goes on. It knows the keys that it was given and nothing else of the vault.
 */

if (!parentPort) throw new Error('this module is the first of a worker thread')
const port = parentPort

// The library makes an error for each packet that it does not know. Nobody reads where, and it is most of what they cost.
Error.stackTraceLimit = 0

const keys = new Map<string, Promise<PrivateKey>>()

const answer = (reply: FromWorker, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(reply, [...transfer])

const open = async (keyId: string, ciphertext: string): Promise<void> => {
  const key = await keys.get(keyId)
  if (!key) throw new Error('a key that was not given')
  const opened = await openMessage(key, ciphertext)
  if (!opened.ok) return answer({ type: 'refused', fault: opened.error })
  // What the library returns may be part of something larger, which would be handed over as a whole.
  const text = new Uint8Array(opened.value)
  opened.value.fill(0)
  answer({ type: 'opened', text }, [text.buffer])
}

/** One after the other, so that it is known which card a thread was at when it had to be ended. */
let last: Promise<void> = Promise.resolve()

port.on('message', (told: ToWorker) => {
  if (told.type === 'forget') return void keys.delete(told.keyId)
  if (told.type === 'open') {
    last = last.then(() => open(told.keyId, told.ciphertext)).catch(() => answer({ type: 'failed' }))
    return
  }
  const key = readCapturePrivateKey(told.armored)
  // Whoever uses it finds out.
  key.catch(() => undefined)
  keys.set(told.keyId, key)
})

await lowerPriority()
answer({ type: 'ready' })
