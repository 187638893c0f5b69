import type { TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/** What the audit log speaks of; the catalogue is closed so that a reader can know all of it (PCI DSS 10.2.1). */
export type AuditAction =
  | 'audit.started'
  | 'audit.stopped'
  /** In the main chain, and names one that begins. */
  | 'audit.chain-begun'
  | 'token.created'
  | 'token.updated'
  | 'token.suspended'
  | 'token.activated'
  | 'token.invalidated'
  | 'token.deleted'
  | 'token.expired'
  | 'token.shown'
  /** an analytics token was given out, and nothing of the card was kept but the keyed hash of its number */
  | 'token.analysed'
  | 'network-token.activated'
  | 'network-token.suspended'
  | 'network-token.deleted'
  | 'code.dropped'
  /** a fresh code came in through a capture session */
  | 'code.refreshed'
  | 'session.opened'
  /** it ended by failures */
  | 'session.failed'
  | 'origin.allowed'
  | 'origin.removed'
  | 'card.forward'
  | 'card.forward.dry-run'
  | 'card.reveal'
  | 'access.refused'
  | 'access.locked'
  | 'tenant.created'
  | 'tenant.changed'
  | 'scope.created'
  | 'scope.linked'
  | 'scope.changed'
  | 'credential.created'
  | 'credential.revoked'
  | 'credential.disabled'
  | 'credential.enabled'
  | 'destination.allowed'
  | 'destination.removed'
  | 'capture-key.created'
  | 'capture-key.retired'
  | 'key.created'
  | 'key.rotated'
  | 'vault.sealed'
  | 'vault.unsealed'
  /** Its database is being copied to another, is there now, or stays where it was. */
  | 'vault.move-begun'
  | 'vault.moved'
  | 'vault.move-abandoned'
  | 'vault.backed-up'
  /** Its database is an earlier one from here on, which somebody put back. */
  | 'vault.restored'
  | 'webhook.created'
  | 'webhook.removed'
  | 'webhook.enabled'
  | 'webhook.replayed'
  | 'bins.imported'
  | 'issuer.enabled'
  | 'issuer.changed'
  | 'issuer.bin-added'
  | 'issuer.cvk-component-added'
  | 'issuer.cvk-made'
  | 'access-key.created'
  | 'access-key.retired'
  | 'access-key.removed'
  | 'access-token.issued'
  | 'issued-card.created'
  | 'issued-card.updated'
  /** number and CVV were shown */
  | 'issued-card.shown'
  | 'cvv.rotated'
  /** by schedule: of how many cards, in one entry */
  | 'cvv.rotated-due'
  | 'cvv.schedule-changed'
  | 'cvv.locked'
  | 'cvv.tries-reset'
  | 'audit.exported'
  | 'audit.archived'

/** `intent` comes before the first byte of a forward or a reveal leaves; `success`, `failure` or `unknown` says how it ended. */
export type AuditOutcome = 'intent' | 'success' | 'failure' | 'unknown'

/** Who did it, when, from where, to what, and how it ended (PCI DSS 10.2.2). Never a card number, never a code. */
export interface AuditEntry {
  readonly at: EpochMs
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  readonly tenantId: TenantId | undefined
  readonly actor: Actor
  /** The caller's network address. */
  readonly origin: string | undefined
  readonly requestId: string | undefined
  readonly subject: Subject | undefined
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export interface Actor {
  readonly type: 'credential' | 'operator' | 'vault' | 'session' | 'unknown'
  readonly id: string | undefined
}

export interface Subject {
  readonly type:
    | 'token'
    | 'code'
    | 'tenant'
    | 'scope'
    | 'credential'
    | 'destination'
    | 'session'
    | 'origin'
    | 'webhook'
    | 'bins'
    | 'key'
    | 'capture-key'
    | 'fingerprint'
    | 'issuer'
    | 'issued-card'
    | 'access-key'
    | 'vault'
    | 'audit'
  readonly id: string
}

/**
 * The exact text that is hashed into the chain and stored: an array in a fixed order, so that no two entries share
 * a text and a reader needs no code of ours to check it.
 */
export const writeEntry = (seq: number, entry: AuditEntry): string =>
  JSON.stringify([
    seq,
    entry.at,
    entry.action,
    entry.outcome,
    entry.tenantId ?? null,
    [entry.actor.type, entry.actor.id ?? null],
    entry.origin ?? null,
    entry.requestId ?? null,
    entry.subject ? [entry.subject.type, entry.subject.id] : null,
    entry.details,
  ])
