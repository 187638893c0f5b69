export interface Finding extends Record<string, unknown> {
  readonly check: string
  /** `warn`: works, and should be mended; `fail`: must be mended before real cards are kept. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
}
