// It must be there before the library is.
import './reflect-metadata.ts'
import { randomBytes } from 'node:crypto'
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
    crypto,
  )
  return { caPem: ca.toString('pem'), issue: (subject) => issue(ca, keys.privateKey, subject) }
}

const issue = async (
  ca: X509Certificate,
  signingKey: SigningKey,
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
    crypto,
  )
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) }
}

const frame = (isExpired = false) => ({
  serialNumber: `01${randomBytes(8).toString('hex')}`,
  notBefore: new Date(Date.now() - 2 * dayMs),
  notAfter: new Date(Date.now() + (isExpired ? -dayMs : dayMs)),
  signingAlgorithm: algorithm,
})

const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

/** Node and browsers each have a type of that name. */
type SigningKey = Awaited<ReturnType<typeof makeKeys>>['privateKey']

const pemOf = async (key: SigningKey): Promise<string> => {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}
