import type { AccessKeyId, CredentialId, TenantId } from '@cardkeep/core/kernel/ids'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'

/** Whom a token says that it was signed by. */
export type SignerName =
  | { readonly type: 'own'; readonly id: AccessKeyId }
  | { readonly type: 'trusted'; readonly issuer: string; readonly audience: string }

/** Who may sign, with the public keys that prove it, as a JSON Web Key Set. */
export type Signer =
  | {
      readonly type: 'own'
      readonly jwks: string
      readonly tenantId: TenantId
      readonly retiredAt: EpochMs | undefined
    }
  | { readonly type: 'trusted'; readonly jwks: string; readonly credentialId: CredentialId }

/** `undefined` where there is none, or none any more. */
export const findSigner = async (
  store: Pick<Store, 'accessKey' | 'trustedIssuer'>,
  name: SignerName,
): Promise<Signer | undefined> => {
  if (name.type === 'own') {
    const key = await store.accessKey(name.id)
    return key && { ...key, type: 'own', jwks: `{"keys":[${key.publicJwk}]}` }
  }
  const trusted = await store.trustedIssuer(name)
  return trusted && { ...trusted, type: 'trusted' }
}
