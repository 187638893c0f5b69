import type { ForwardMethod } from '../../destinations/destination.ts'
import type { DestinationId } from '../../kernel/ids.ts'
import type { Probe } from '../../ports.ts'
import type { CardValue, ValueForm } from '../../templates/syntax.ts'

/** What a forward would do and what stands in its way, with nothing of a card that may not be shown. */
export interface DryRun {
  /** Whether nothing that can be known beforehand stands in the way. */
  readonly passes: boolean
  readonly request: MaskedRequest
  /** In the order in which they stand in the body. */
  readonly placeholders: readonly ResolvedPlaceholder[]
  readonly verdicts: DryRunVerdicts
}

export interface MaskedRequest {
  readonly method: ForwardMethod
  readonly url: string
  /** As they would go, or as the caller gave them where they would not; and `addedByVault` in the place of each value that the destination adds. */
  readonly headers: Readonly<Record<string, string>>
  /** `undefined` for a method without a body, and where not every placeholder has a value. */
  readonly body: string | undefined
}

export const addedByVault = '[added by the vault]'

export interface ResolvedPlaceholder {
  /** What kind of value it stands for. */
  readonly value: CardValue
  readonly form: ValueForm
  /** A code is never looked up: there is no way to look at one without taking it. */
  readonly resolves: 'yes' | 'no' | 'not looked up'
}

/** Where one is bad the others are given all the same; what depends on it says that it was not tried. */
export interface DryRunVerdicts {
  readonly token: Verdict<'usable' | 'not found' | 'lacks a value'>
  readonly destination: Verdict<'allowed' | 'not allowed'> & { readonly rule: AllowingRule | undefined }
  /** `header` is the first that a caller may not send. */
  readonly headers: Verdict<'allowed' | 'not allowed' | 'not judged'> & {
    readonly header: string | undefined
  }
  readonly address: Verdict<Probe['address'] | 'not tried'> & { readonly addresses: readonly string[] }
  readonly tls: Verdict<Probe['tls']> & { readonly protocol: string | undefined }
  /** What the tenant's policy says of sending a code there. */
  readonly policy: Verdict<
    'no code wanted' | 'allowed' | 'codes are not held' | 'not to this destination' | 'not judged'
  >
  /** Where the code would be taken. Whether one is held there is not looked up. */
  readonly code: Verdict<'no code wanted' | 'not looked up'> & {
    readonly address: 'session' | 'token' | undefined
  }
  /** `bytes` is the length of the masked body; a code of four digits or a name with escapes makes it a little longer. */
  readonly body: Verdict<'fits' | 'too large' | 'none' | 'not rendered'> & {
    readonly bytes: number | undefined
  }
}

export interface Verdict<Says extends string> {
  readonly passes: boolean
  readonly says: Says
}

/** Which entry of the allow-list lets the request through. */
export interface AllowingRule {
  readonly id: DestinationId
  readonly origin: string
  readonly pathPrefix: string | undefined
  /** Empty: every method. */
  readonly methods: readonly string[]
}
