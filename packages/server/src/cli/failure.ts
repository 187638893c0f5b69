import type { Result } from '@cardkeep/core/kernel/result'
import type { OperatorRefusal } from '@cardkeep/core/operations/operator'

/** A command that cannot be done; the message is one line for whoever typed it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

type Row<R extends OperatorRefusal> = (refusal: R) => string

const table: { readonly [Type in OperatorRefusal['type']]: Row<Extract<OperatorRefusal, { type: Type }>> } = {
  NameTaken: ({ name }) => `a tenant named ${name} exists already`,
  TenantNotFound: ({ tenant }) => `there is no tenant ${tenant}`,
  ScopeNotFound: ({ scope }) => `there is no scope ${scope}`,
  EnvironmentsDiffer: () => 'a test tenant and a live scope, or the other way round, are never linked',
  AlreadyLinked: () => 'the tenant is linked to this scope already',
  TokenNotFound: () => 'there is no such token',
  NotLastDigits: () => 'tokens are found by the last four digits; a whole number belongs on no command line',
  CaptureKeyNotFound: () => 'there is no such capture key, or it is retired',
  IssuerEnabledAlready: () => 'the tenant is an issuer already',
  NotAnIssuer: () => 'the tenant is no issuer: `issuer enable` makes it one',
  CvkInOnePiece: () =>
    'the keys of a live issuer come from its custodians, one component from each: `issuer cvk add-component`',
  CvkComplete: () => 'the issuer has its card verification keys already',
  WeakCvk: () =>
    'these components make a key that DES cannot use, or A and B alike, which is none for a live issuer; where they came one by one, none is kept and all come again',
  EmptyComponent: () => 'a component of zeros adds nothing to a key: it is drawn at random, in both parts',
  CustodianTwice: () => 'this custodian has brought a component already: each brings one',
  ComponentCountDiffers: ({ expected }) => `the first custodian said that there are ${expected} components`,
  NotABin: () => 'a BIN is 6 to 9 digits, and does not begin with 0',
  BinAddedAlready: () => 'the issuer has this BIN already',
  BinOfAnother: () => 'another issuer has numbers that begin so, and one of the two is live',
  TooManyBins: () => 'the issuer has as many BINs as it may',
  IssuerTrustedAlready: () => 'tokens of this issuer and audience count as another credential already',
  TooManyCaptureKeys: () => 'the tenant has as many capture keys as it may: retire one first',
  TooManyCredentials: () => 'this user has as many API keys as it may: revoke one first',
  RequestorOfOneTenant: () =>
    'with --token-requestor merchant a scope belongs to one tenant: others would be shown its network tokens',
  NoNetworkTokenProvider: () => 'nobody issues network tokens to live tenants here',
  CredentialNotFound: () => 'there is no such credential',
  DestinationNotFound: () => 'the tenant has no such destination',
  PlainHttpOnLive: () => 'a live tenant sends over TLS only; --insecure-http is for test tenants',
  NotAnOrigin: () =>
    'an origin is https://HOST[:PORT] and nothing behind it; on the machine itself http://localhost[:PORT] or http://127.0.0.1[:PORT]',
  PlainHttpOrigin: () => 'the pages of a live tenant are on https only',
  OriginAllowedAlready: () => 'pages of this origin are allowed already',
  OriginNotFound: () => 'the tenant allows no such origin',
  PolicyTooWide: ({ setting }) => `no tenant may have so much: ${setting}`,
  WebhookNotFound: () => 'there is no such webhook',
  PlainHttpWebhook: () => 'a webhook is told over https; for a test tenant --private allows http',
  DeadDeliveryNotFound: () => 'no delivery of this number was given up',
  BinFileChanged: () => 'the file changed while it was read; the table in use stays',
  Contended: () => 'others changed the same rows at every attempt; nothing was written, try again',
}

/** The value, or a failure that says the refusal in words. */
export const orFail = <T>(result: Result<T, OperatorRefusal>): T => {
  if (result.ok) return result.value
  // Sound: the row of a refusal's type takes that refusal; the compiler cannot follow the pair.
  const row = table[result.error.type] as Row<OperatorRefusal>
  throw new CommandFailure(row(result.error))
}
