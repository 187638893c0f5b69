import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'

/** What a worker is told. It answers the cards in the order in which they came. */
export type ToWorker =
  | { readonly type: 'key'; readonly keyId: string; readonly armored: string }
  | { readonly type: 'forget'; readonly keyId: string }
  | { readonly type: 'open'; readonly keyId: string; readonly ciphertext: string }

export type FromWorker =
  | { readonly type: 'ready' }
  /** The bytes are handed over: whoever takes them wipes them. */
  | { readonly type: 'opened'; readonly text: Uint8Array<ArrayBuffer> }
  | { readonly type: 'refused'; readonly fault: CaptureFault }
  /** It could not be told what is wrong. Nothing of the error comes along: it may quote what was sent. */
  | { readonly type: 'failed' }
