import type { SessionId, TenantId, TokenId } from '../kernel/ids.ts'
import { minuteMs, secondMs } from '../kernel/time.ts'

/** By what a code that is not held was asked for; how a code was typed anew; what came without a credential. */
export type GuessKind = 'session' | 'token' | 'address' | 'answer' | 'visitor' | 'payload'

export const guessKinds = [
  'session',
  'token',
  'address',
  'answer',
  'visitor',
  'payload',
] as const satisfies readonly GuessKind[]

/** So many failures may come at once; from then on one every so often. */
export interface GuessLimit {
  readonly atOnce: number
  readonly everyMs: number
}

/*
 * What can be guessed. A session id has 122 random bits and a token id as many: nobody finds one by trying. These limits
 * slow down whoever has some of it already: a stolen API key, and session ids or tokens from a log or a leak.
 *
 *   session  Someone knows a session and tries tokens on it, or sends a spent one again and again. No honest caller gains
 *            from a sixth try, and after 15 minutes hardly any session still lives.
 *   token    Someone knows a token and tries sessions, or waits for its owner to type a code that is held by the token. A
 *            customer whose code expires types it again and comes under the same token with a new session, so a token
 *            must not be shut for long: ten in a row, then one in 90 seconds, which are forty in an hour.
 *   address  Someone tries many tokens, each too rarely for its own limit. A shop calls from one address or a few, so
 *            this limit counts all of its expired codes as well. Where 3 of 100 codes expire before they are used, five
 *            failures a second are 160 forwards a second, or 14 million a day. A restart forgets all codes at once;
 *            300 at once are what a shop of 10 a second with half a minute between form and charge then has
 *            outstanding. A shop with more than that is told to come again in a second, and every good code that comes
 *            in between is served: an address is slowed down and never shut. To an attacker five a second are 432,000
 *            tries a day, against ids of 122 bits; a list of 100,000 stolen tokens takes more than five hours to try
 *            once, while a code that waits for one lives a quarter of an hour.
 *   answer   Someone has the card of a token without its code and types one code after the other, as the shop's customer
 *            or with a stolen API key, for the issuer to judge; of three digits there are a thousand. The vault cannot tell a
 *            right code from a wrong one, so each that it holds for a token counts where it comes without the number: who has
 *            the number needs no token to try it with, and a code that comes with it is a customer's who pays again. A
 *            capture that comes again brings none. A customer who mistypes is done after two or three, and one who buys every day types one a day. Ten in
 *            a row and then one in six minutes leave an attacker 250 a day; long before that an issuer blocks the card.
 *   visitor  Someone without any credential asks for sessions that are not there. Ids of 122 bits are not found so; the
 *            limit tells whoever tries to stop. It belongs to no tenant, because a session that is not there has none. A
 *            whole company or a carrier's customers may come from one address, and one of them must not shut out the
 *            others: a session that is there is found whatever was asked for before. So past a hundred at once, and
 *            then one a second, a miss is told to wait, and nothing else is.
 *   payload  Someone answers sessions that are there with what is no good. Five such answers end a session, but whoever
 *            has many, or one whose answers the vault cannot take for now, as where the limit of its token is reached,
 *            makes it use a private key for each; so every answer counts that does not end its session. By this limit
 *            neighbours behind one address can make each other wait, and so it stands where the work would begin to
 *            matter and not where a crowd mistypes: a hundred at once, and then five a second, which take one or two
 *            hundredths of a core. Whoever has no session cannot add to it.
 *
 * A success takes nothing back, or an attacker would put one of their own between two guesses.
 *
 * wire: hellgate §sessions, inferred: no page names a limit.
 */
export const guessLimits = {
  session: { atOnce: 5, everyMs: 15 * minuteMs },
  token: { atOnce: 10, everyMs: 90 * secondMs },
  address: { atOnce: 300, everyMs: secondMs / 5 },
  answer: { atOnce: 10, everyMs: 6 * minuteMs },
  visitor: { atOnce: 100, everyMs: secondMs },
  payload: { atOnce: 100, everyMs: secondMs / 5 },
} as const satisfies Record<GuessKind, GuessLimit>

/** What a code was asked for with. */
export interface Guess {
  readonly tenantId: TenantId
  readonly tokenId: TokenId
  readonly sessionId: SessionId | undefined
  /** The network address that the request came from. */
  readonly origin: string
}

/** The marks that a guess is counted under; of one tenant, so that none can shut out another. */
export const marksOf = ({ tenantId, tokenId, sessionId, origin }: Guess): readonly string[] => [
  ...(sessionId ? [mark('session', tenantId, sessionId)] : []),
  mark('token', tenantId, tokenId),
  mark('address', tenantId, networkOf(origin)),
]

/** The mark that a code which a customer typed for a token counts under, whatever became of it. */
export const marksOfRefresh = ({
  tenantId,
  tokenId,
}: Pick<Guess, 'tenantId' | 'tokenId'>): readonly string[] => [mark('answer', tenantId, tokenId)]

/** The mark that a session which is not there counts under, for the network that asked for it; of no tenant. */
export const marksOfVisitor = (visitor: Pick<Guess, 'origin'>): readonly string[] => [
  markOfNetwork('visitor', visitor),
]

/** The mark that an answer which does not end its session counts under, for the network that it came from; of no tenant. */
export const marksOfPayload = (visitor: Pick<Guess, 'origin'>): readonly string[] => [
  markOfNetwork('payload', visitor),
]

/** Under which limit a mark stands. */
export const kindOfMark = (text: string): GuessKind => {
  const kind = guessKinds.find((known) => text.startsWith(`${known} `))
  // Precondition: marks begin with their kind.
  if (!kind) throw new Error('a mark of no kind')
  return kind
}

const mark = (kind: GuessKind, tenantId: TenantId, what: string): string => `${kind} ${tenantId} ${what}`

const markOfNetwork = (kind: GuessKind, { origin }: Pick<Guess, 'origin'>): string =>
  `${kind} ${networkOf(origin)}`

const groupsOfNetwork = 4

/** An IPv4 address as it is; of an IPv6 address the first 64 bits, because whoever has one has the other 2^64 too. */
export const networkOf = (address: string): string => {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [left = '', right] = address.split('::')
  const before = left.split(':').filter((group) => group !== '')
  const after = right === undefined ? [] : right.split(':').filter((group) => group !== '')
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...(right === undefined ? [] : zeros), ...after]
    .slice(0, groupsOfNetwork)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
