/** What the vault tells of itself, as one table: docs/operations/metrics.md has a row for each. */
export interface Family {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** One sentence. */
  readonly help: string
  /** Each has few values: names of routes, of refusals, of what the operator has allowed. */
  readonly labels: readonly string[]
}

export const families = {
  cardkeep_request_seconds: {
    kind: 'histogram',
    help: 'Requests, from their first byte to the end of the answer',
    labels: ['dialect', 'route', 'method', 'status'],
  },
  cardkeep_refusals_total: {
    kind: 'counter',
    help: 'Requests that were refused, by the name of the refusal',
    labels: ['dialect', 'type'],
  },
  cardkeep_lockouts_total: {
    kind: 'counter',
    help: 'Credentials that were locked out for an address after ten failures',
    labels: [],
  },
  cardkeep_codes_held: {
    kind: 'gauge',
    help: 'Security codes that are held now',
    labels: [],
  },
  cardkeep_code_steps_total: {
    kind: 'counter',
    help: 'What happened to security codes: held, refused, taken, missed, given_back, not_given_back, dropped, expired',
    labels: ['step'],
  },
  cardkeep_codes_past_their_time: {
    kind: 'gauge',
    help: 'Security codes still in memory five seconds after their time; always 0',
    labels: [],
  },
  cardkeep_commit_seconds: {
    kind: 'histogram',
    help: 'Commits, from asking to durable; outcome is written, conflict or failed',
    labels: ['outcome'],
  },
  cardkeep_egress_seconds: {
    kind: 'histogram',
    help: 'Forwards to destinations; outcome is the class of the answer, or why there is none',
    labels: ['destination', 'origin', 'outcome'],
  },
  cardkeep_outbox_waiting: {
    kind: 'gauge',
    help: 'Deliveries of events that wait',
    labels: [],
  },
  cardkeep_outbox_lag_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest event that waits for its delivery; 0 where none does',
    labels: [],
  },
  cardkeep_outbox_dead: {
    kind: 'gauge',
    help: 'Deliveries that were given up and wait for an operator',
    labels: [],
  },
  cardkeep_cvv_rotations_total: {
    kind: 'counter',
    help: 'CVVs that rotated, by cause automatic or forced; outcome is rotated, or of automatic ones overtaken, ended or failed',
    labels: ['cause', 'outcome'],
  },
  cardkeep_cvv_rotations_due: {
    kind: 'gauge',
    help: 'Cards whose CVV is due to rotate',
    labels: [],
  },
  cardkeep_cvv_rotation_lag_seconds: {
    kind: 'gauge',
    help: 'For how long the card that has waited longest is due, of those that nobody has claimed; 0 where none is',
    labels: [],
  },
  cardkeep_audit_unsigned_entries: {
    kind: 'gauge',
    help: 'Entries of the audit log after the last signed checkpoint',
    labels: [],
  },
  cardkeep_audit_checkpoint_age_seconds: {
    kind: 'gauge',
    help: 'Time since the last signed checkpoint; 0 where nothing came after it',
    labels: [],
  },
  cardkeep_audit_unshipped_entries: {
    kind: 'gauge',
    help: 'Entries of the audit log that a place off this machine does not have yet',
    labels: ['sink'],
  },
  cardkeep_key_age_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest active key of a purpose',
    labels: ['purpose'],
  },
  cardkeep_key_due_seconds: {
    kind: 'gauge',
    help: 'Time until the first active key of a purpose should be rotated; negative once it is late',
    labels: ['purpose'],
  },
  cardkeep_sealed: {
    kind: 'gauge',
    help: '1 while the vault is shut by its operator',
    labels: [],
  },
  cardkeep_scrape_complete: {
    kind: 'gauge',
    help: '0 where not all could be read for this answer, and what is missing is left out',
    labels: [],
  },
  cardkeep_backend_up: {
    kind: 'gauge',
    help: '1 where the database, or the store of codes, could be read for this answer',
    labels: ['backend'],
  },
  cardkeep_build_info: {
    kind: 'gauge',
    help: 'Always 1; the labels say what runs',
    labels: ['version', 'node'],
  },
} as const satisfies Readonly<Record<string, Family>>

export type FamilyName = keyof typeof families
type NamesOf<Kind> = {
  [Name in FamilyName]: (typeof families)[Name]['kind'] extends Kind ? Name : never
}[FamilyName]

export type CounterName = NamesOf<'counter'>
export type GaugeName = NamesOf<'gauge'>
export type HistogramName = NamesOf<'histogram'>

/** The labels of a family, each of which must be given. */
export type LabelsOf<Name extends FamilyName> = Readonly<
  Record<(typeof families)[Name]['labels'][number], string>
>
