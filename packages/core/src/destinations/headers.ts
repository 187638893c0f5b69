/* What may stand in the head of a request. Egress holds callers to it, the command line operators. */

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Printable ASCII and Latin-1: no control character can end the line or the head. */
const printable = /^[\x20-\x7e\xa0-\xff]*$/

export const isHeaderName = (name: string): boolean => token.test(name)

export const isHeaderValue = (value: string): boolean => printable.test(value)

/** These belong to the connection; whoever sets one could split the request or name another host. */
const ofTheConnection: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'expect',
  'trailer',
])

/** `name` in lower case. */
export const isOfConnection = (name: string): boolean =>
  ofTheConnection.has(name) || name.startsWith('proxy-')

/** Adds the body's type unless the caller named one. */
export const withContentType = (
  headers: Readonly<Record<string, string>>,
  contentType: string,
): Readonly<Record<string, string>> =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
    ? headers
    : { ...headers, 'content-type': contentType }

/** The body decides on its type, and an answer in an encoding could not be searched for card data. */
const ofTheBody: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'accept-encoding'])

const maxProviderHeaderLength = 8 * 1024

/** Whether a destination may have this header added. Its name is in lower case. */
export const isProviderHeader = (name: string, value: string): boolean =>
  isHeaderName(name) &&
  !isOfConnection(name) &&
  !ofTheBody.has(name) &&
  isHeaderValue(value) &&
  value.trim() === value &&
  value !== '' &&
  value.length <= maxProviderHeaderLength

const tellable: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-language',
  'cache-control',
  'content-language',
  'prefer',
  'user-agent',
])

/**
 * Whether a header says only what is wanted, and not who asks. Such a value may come back, and does wherever it stands by
 * chance: an answer in which `application/json` or a date were hidden would be wrong. `name` is in lower case.
 */
export const mayComeBack = (name: string): boolean => tellable.has(name) || name.endsWith('version')
