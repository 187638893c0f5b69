import type { Change } from './change.ts'

/** What a field tells the SDK. */
export type ToPage =
  | { readonly type: 'ready' | 'focus' | 'blur' }
  | { readonly type: 'change'; readonly data: Change }
  | { readonly type: 'keydown'; readonly data: Keydown }

/** Keys that end a form or leave it; what else is pressed is nobody's business. */
export const toldKeys = ['Escape', 'Enter'] as const

export interface Keydown {
  readonly key: (typeof toldKeys)[number]
  readonly altKey: boolean
  readonly ctrlKey: boolean
  readonly shiftKey: boolean
  readonly metaKey: boolean
}
