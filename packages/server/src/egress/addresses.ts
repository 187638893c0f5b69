import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Whether card data may go to an address, given as text without brackets. Only what is routed as one host on the
 * internet is allowed; private ranges if the operator said so for the destination; everything else never.
 */
export const isAllowedAddress = (text: string, allowPrivate: boolean): boolean => {
  const address = parseAddress(text)
  if (!address || isMetadata(address)) return false
  const range = address.range()
  if (range === 'unicast') return address.kind() === 'ipv4' || address.match(globalUnicast)
  return allowPrivate && privateRanges.has(range)
}

/** Whether two spellings mean one address, as `::ffff:192.0.2.1` and `192.0.2.1` do. */
export const isSameAddress = (a: string, b: string): boolean => {
  const [one, other] = [parseAddress(a), parseAddress(b)]
  return one !== undefined && other !== undefined && one.toNormalizedString() === other.toNormalizedString()
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

const privateRanges: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'])

// IANA has given out nothing else for hosts (RFC 4291 section 2.4), and the table of ranges calls the rest unicast too.
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

/**
 * Where clouds answer with a machine's credentials, beside link-local 169.254.169.254, whose whole range is refused.
 * These lie in ranges that may be allowed.
 */
const metadataRanges = [
  // AWS, its name and time services
  'fd00:ec2::/32',
  // Google Cloud
  'fd20:ce::/32',
  // Alibaba Cloud
  '100.100.100.200/32',
  // Azure, "wire server"
  '168.63.129.16/32',
].map((range) => ipaddr.parseCIDR(range))

const isMetadata = (address: Address): boolean =>
  metadataRanges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits))

/** A mapped address is judged as the IPv4 address it means; one with a zone has no place on an allow-list. */
const parseAddress = (text: string): Address | undefined => {
  // The library also reads spellings that a resolver never answers with, such as hexadecimal ones.
  const family = isIP(text)
  if (family === 0 || text.includes('%')) return undefined
  // The platform's spelling has no dots: the library takes `::192.0.2.1`, which is no mapped address, for one.
  return ipaddr.process(family === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1))
}
