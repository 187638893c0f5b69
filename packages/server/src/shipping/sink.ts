/** A place that takes lines of the audit log. */
export interface AuditSink {
  /** As the settings name it; without secrets. */
  readonly name: string
  /** Resolves when the place has all of them, as far as its protocol can say so. Throws otherwise. */
  write(lines: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** A place did not take what it was sent; the message is ours and quotes nothing. */
export class SinkFailure extends Error {
  override readonly name = 'SinkFailure'
}
