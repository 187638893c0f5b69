import type { KeyObject } from 'node:crypto'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { AccessKeyMaker } from '@cardkeep/core/ports'
import { createAccessKeySealer } from '../keys/access-key-sealer.ts'
import { makePrivateKey, publicHalf } from '../keys/key-pair.ts'
import type { KeySource } from '../keys/use-keys.ts'

export const createAccessKeyMaker = (
  keys: KeySource,
  makeKey: () => Promise<KeyObject> = makePrivateKey,
): AccessKeyMaker => {
  const sealer = createAccessKeySealer(keys)
  return {
    make: async (place) => {
      const privateKey = await makeKey()
      const { modulus, exponent } = publicHalf(privateKey)
      const pem = new Secret(String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
      return {
        publicJwk: JSON.stringify({
          ...{ kty: 'RSA', n: modulus, e: exponent },
          ...{ kid: place.id, alg: 'RS256', use: 'sig' },
        }),
        sealedPrivateKey: await sealer.seal(place, pem),
      }
    },
  }
}
