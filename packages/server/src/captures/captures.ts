import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { type CaptureKey, opensUntil } from '@cardkeep/core/captures/capture-key'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Captures, Clock, OpenedCapture } from '@cardkeep/core/ports'
import type { CaptureHash } from '../keys/capture-hash.ts'
import type { CapturePrivateSealer } from '../keys/capture-private-sealer.ts'
import { longestCiphertext } from './read-ciphertext.ts'
import { type CaptureText, createWorkerPool, type WorkerPool } from './worker-pool.ts'

export interface RunningCaptures extends Captures {
  /** Forgets private keys that open nothing any more, or that nobody has used for a while. To be called again and again. */
  tend(): void
  /** Forgets all private keys. Whatever is under way comes to nothing. */
  dropAll(): Promise<void>
}

export interface CaptureParts {
  readonly sealer: CapturePrivateSealer
  readonly hash: CaptureHash
  /** Threads at most. */
  readonly workers: number
  readonly clock: Clock
  /** For tests. */
  readonly pool?: WorkerPool
}

/** Opens what clients encrypted, away from the thread that answers requests. */
export const createCaptures = ({
  sealer,
  hash,
  workers,
  clock,
  pool = createWorkerPool({ size: workers, clock }),
}: CaptureParts): RunningCaptures => ({
  open: async (key, ciphertext) => {
    // Before it is copied to a worker.
    if (ciphertext.length > longestCiphertext) return refused('too large')
    const opened = await pool.open({
      tenantId: key.tenantId,
      keyId: key.id,
      keyUntil: opensUntil(key),
      ciphertext,
      loadKey: () => sealer.open(key, key.sealedPrivateKey),
    })
    if (!opened.ok) return refused(opened.error)
    try {
      return read(hash, key, opened.value)
    } finally {
      opened.value.fill(0)
    }
  },
  tend: () => pool.tend(),
  dropAll: () => pool.dropAll(),
})

interface CaptureRefused {
  readonly type: 'CaptureRefused'
  readonly fault: CaptureFault
}

const refused = (fault: CaptureFault) => refuse<CaptureRefused>({ type: 'CaptureRefused', fault })

const decoder = new TextDecoder('utf-8', { fatal: true })

const read = (
  hash: CaptureHash,
  key: CaptureKey,
  bytes: CaptureText,
): Result<OpenedCapture, CaptureRefused> => {
  const text = decode(bytes)
  if (text === undefined) return refused('not an object')
  const mark = hash.mark(key.tenantId, bytes)
  return ok({ text: new Secret(text), mark, tokenIdIn: (scopeId) => hash.tokenIdIn(scopeId, mark) })
}

const decode = (bytes: CaptureText): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
