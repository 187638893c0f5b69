import { createPublicKey, KeyObject, sign, verify } from 'node:crypto'
import { mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead } from '@cardkeep/core/ports'
import type { Keyring } from './keyring.ts'

export interface AuditSigner {
  /** A promise, because an audit key may come to live in a device. */
  sign(head: AuditHead, at: EpochMs): Promise<AuditCheckpoint>
}

/** Signs the head of the audit log under the vault's audit key. Records of retired audit keys keep their public halves. */
export const createAuditSigner = (keys: Pick<Keyring, 'vaultKeys'>): AuditSigner => ({
  sign: async (head, at) => {
    const { active } = keys.vaultKeys('audit')
    if (!active) throw new Error('no audit key of the vault is active')
    const unsigned = { chain: head.chain, seq: head.seq, hash: head.hash, at, keyId: active.record.id }
    return { ...unsigned, signature: sign(null, encodeCheckpoint(unsigned), active.key) }
  },
})

/** Needs nothing of the vault: whoever has the checkpoint and the public key (SPKI DER) can do the same. */
export const verifyCheckpoint = (checkpoint: AuditCheckpoint, publicKey: Uint8Array | KeyObject): boolean => {
  const key =
    publicKey instanceof KeyObject
      ? publicKey
      : createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  return (
    key.asymmetricKeyType === 'ed25519' &&
    verify(null, encodeCheckpoint(checkpoint), key, checkpoint.signature)
  )
}

/**
 * `["cardkeep-audit-checkpoint",seq,"hash in hex",time in ms]`, JSON that a reader with other tools can write. A chain
 * other than the main one has its number behind these, so that no signature can be taken for one of another chain.
 */
const encodeCheckpoint = ({ chain, seq, hash, at }: Omit<AuditCheckpoint, 'signature'>): Buffer => {
  const ofMain = ['cardkeep-audit-checkpoint', seq, Buffer.from(hash).toString('hex'), at]
  return Buffer.from(JSON.stringify(chain === mainChain ? ofMain : [...ofMain, chain]))
}
