// It must be there before the library is.
import './reflect-metadata.ts'
import { randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

export interface Subject {
  readonly name: string
  readonly hostnames?: readonly string[]
  readonly addresses?: readonly string[]
  /** Its time is over. */
  readonly isExpired?: boolean
}

/** A certificate authority that lives as long as the process and that nobody else trusts. */
export interface Authority {
  readonly caPem: string
  issue(subject: Subject): Promise<Identity>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 24 * 60 * 60 * 1000

export const makeAuthority = async (name: string): Promise<Authority> => {
  const keys = await makeKeys()
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      ...frame(),
      name: `CN=${name}`,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  )
  return { caPem: ca.toString('pem'), issue: (subject) => issue(ca, keys.privateKey, subject) }
}

const issue = async (
  ca: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  { name, hostnames = [], addresses = [], isExpired = false }: Subject,
): Promise<Identity> => {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.create(
    {
      ...frame(isExpired),
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([
          ...hostnames.map((value) => ({ type: 'dns', value }) as const),
          ...addresses.map((value) => ({ type: 'ip', value }) as const),
        ]),
      ],
    },
    webcrypto,
  )
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) }
}

const frame = (isExpired = false) => ({
  serialNumber: `01${randomBytes(8).toString('hex')}`,
  notBefore: new Date(Date.now() - 2 * dayMs),
  notAfter: new Date(Date.now() + (isExpired ? -dayMs : dayMs)),
  signingAlgorithm: algorithm,
})

const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}
