import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Visitor } from '@cardkeep/core/operations/caller'
import type { Lockouts } from '@cardkeep/core/ports'
import { isGood } from '@cardkeep/core/tenants/credential-use'
import { pairOf } from '@cardkeep/core/tenants/lockout'
import type { Credential } from '@cardkeep/core/tenants/tenant'
import { type AccessNotePorts, type AccessNotes, createAccessNotes } from './access-notes.ts'
import type { RefusalNotes } from './refusal-notes.ts'

/** Proves secrets in constant time. */
export interface CredentialProof {
  matches(hash: Uint8Array, secret: Secret<string>, id: CredentialId): boolean
}

export interface ProofRequest {
  readonly dialect: DialectName
  /** The public part by which it is looked up; `undefined` if what came has no such part. */
  readonly id: string | undefined
  readonly secret: Secret<string>
  /** Must be its own where one came. */
  readonly publicKey: string | undefined
  readonly address: string
  readonly requestId: string
}

/** Proves credentials wherever they are shown: on each request, or once for a token. */
export interface CredentialProver {
  /** The credential, if it is one that is good now. Failures are counted and written to the audit log (PCI DSS 10.2.1.4). */
  prove(request: ProofRequest): Promise<Result<Credential, Refusal>>
  readonly notes: AccessNotes
}

/** For clients of a dialect that show their credential once, in a body, for a token. */
export const proveClientsOf =
  (dialect: DialectName, { prove }: Pick<CredentialProver, 'prove'>) =>
  (
    { origin, requestId }: Visitor,
    client: Pick<ProofRequest, 'id' | 'secret'>,
  ): Promise<Result<Credential, Refusal>> =>
    prove({ ...client, dialect, publicKey: undefined, address: origin, requestId })

/** Stands in for a credential that does not exist, so that looking for one takes as long as proving one. */
const nobody = { id: '00000000-0000-4000-8000-000000000000' as CredentialId, hash: new Uint8Array(32) }

export const createCredentialProver = (
  ports: AccessNotePorts,
  proof: CredentialProof,
  lockouts: Lockouts,
  refusalNotes: RefusalNotes,
): CredentialProver => {
  const { store, clock } = ports
  const notes = createAccessNotes(ports, refusalNotes)

  const findCredential = async ({
    dialect,
    id,
    secret,
    publicKey,
  }: ProofRequest): Promise<Credential | undefined> => {
    const stored = id === undefined ? undefined : await store.credential(id as CredentialId)
    const credential = stored?.dialect === dialect && isGood(stored, clock.now()) ? stored : undefined
    const { id: provenId, hash } = credential ?? nobody
    const proven = proof.matches(hash, secret, provenId)
    if (!proven || !credential) return undefined
    return publicKey === undefined || publicKey === credential.publicKey ? credential : undefined
  }

  return {
    notes,
    prove: async (request) => {
      const { dialect, id, address, requestId } = request
      const pair = pairOf(id, address)
      /** Asked again once the proof is made: of many that came at once the first ten may have failed meanwhile. */
      const findLock = async (): Promise<Refusal | undefined> => {
        const retryAfterSeconds = await lockouts.remainingSeconds(pair)
        return retryAfterSeconds === undefined ? undefined : { type: 'LockedOut', retryAfterSeconds }
      }
      const lock = await findLock()
      if (lock) return refuse(lock)

      const credential = await findCredential(request)
      if (!credential) {
        const locks = await lockouts.fail(pair)
        const refusal: Refusal = { type: 'NotAuthenticated' }
        notes.refused({
          ...{ dialect, address, requestId },
          action: locks ? 'access.locked' : 'access.refused',
          reason: refusal.type,
          credential: { id, tenantId: undefined },
        })
        return locks ? refuse(refusal) : refuse((await findLock()) ?? refusal)
      }
      // What is said of tries beyond the allowed ones is the same whether they were good or not.
      if (!(await lockouts.succeed(pair))) {
        const meanwhile = await findLock()
        if (meanwhile) return refuse(meanwhile)
      }
      notes.used(credential)
      return ok(credential)
    },
  }
}
