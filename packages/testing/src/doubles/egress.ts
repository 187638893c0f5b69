import type { AdmittedForward, Egress, Parcel, Probe, SendOutcome } from '@cardkeep/core/ports'
import { admitForward } from '@cardkeep/server/egress/admit'

export interface SentForward {
  readonly forward: AdmittedForward
  readonly parcel: Parcel
}

/** Admits as the real one does, opens no connection, keeps what it was handed, and does what the test says. */
export const createEgressDouble = (
  send: (forward: AdmittedForward, parcel: Parcel) => SendOutcome | Promise<SendOutcome> = () => approved,
  probe: Probe = reachable,
): Egress & { readonly sent: readonly SentForward[] } => {
  const sent: SentForward[] = []
  return {
    sent,
    admit: admitForward,
    probe: async () => probe,
    send: async (forward, parcel) => {
      sent.push({ forward, parcel })
      return send(forward, parcel)
    },
  }
}

export const approved: SendOutcome = {
  type: 'answered',
  answer: { status: 200, headers: {}, body: { type: 'json', text: '{"approved":true}' } },
}

export const reachable: Probe = {
  addresses: ['192.0.2.7'],
  address: 'allowed',
  tls: 'trusted',
  protocol: 'TLSv1.3',
}
