import type { CaptureId } from '@cardkeep/core/kernel/ids'
import type { PayloadMark } from '@cardkeep/core/sessions/capture-session'
import type { Keyring } from './keyring.ts'
import { createNameHash } from './name-hash.ts'
import { createVaultSealer } from './vault-sealer.ts'

/** What of a session is sealed, each apart: what is asked for, and what came of it. */
export type SessionPart = 'session' | 'end'

/** Lets a session store keep sessions without being able to read them or to tell whose they are. */
export interface SessionSealer {
  /** 16 bytes: a keyed hash of the id. The same in every process, and after a rotation. */
  name(id: CaptureId): Buffer
  /** 16 bytes: a keyed hash of what a payload is. */
  markName(mark: PayloadMark): Buffer
  seal(id: CaptureId, part: SessionPart, text: string): Promise<Uint8Array>
  /** Throws if the bytes were changed, or were sealed for another session or part. */
  open(id: CaptureId, part: SessionPart, sealed: Uint8Array): Promise<string>
}

export const createSessionSealer = (keys: Pick<Keyring, 'find' | 'reload' | 'vaultKeys'>): SessionSealer => {
  const hash = createNameHash(keys)
  const sealer = createVaultSealer(keys)
  return {
    name: (id) => hash('capture session name', id),
    markName: (mark) => hash('capture payload name', Buffer.from(mark).toString('hex')),
    seal: (id, part, text) => sealer.seal(['capture', part, id], Buffer.from(text)),
    open: async (id, part, sealed) => {
      const plaintext = await sealer.open(['capture', part, id], sealed)
      try {
        return plaintext.toString()
      } finally {
        plaintext.fill(0)
      }
    },
  }
}
