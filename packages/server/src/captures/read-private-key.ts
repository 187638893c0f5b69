import { enums, type PrivateKey, readPrivateKey } from 'openpgp'

/**
 * The private half of a capture key. The library opens what is encrypted with the ciphers that a key says it prefers, and some
 * that were common. Ours says what is best; what is as good, and a client may have been set to, opens too.
 */
export const readCapturePrivateKey = async (armored: string): Promise<PrivateKey> => {
  const privateKey = await readPrivateKey({ armoredKey: armored })
  for (const { selfCertifications } of privateKey.users)
    for (const { preferredSymmetricAlgorithms } of selfCertifications)
      preferredSymmetricAlgorithms?.push(enums.symmetric.aes192)
  return privateKey
}
