import { isOfConnection } from '@cardkeep/core/destinations/headers'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { RequestHeaders } from '../../http/route.ts'
import { spellBack } from '../../log/spell-back.ts'
import { placeholders } from './placeholders.ts'

type Headers = Readonly<Record<string, string>>

/**
 * The headers that go to the destination: the caller's own, but for those that are the vault's or belong to the way that the
 * request took, and those that are named in pairs, `X-<LABEL>-NAME` and `X-<LABEL>-VALUE`, which go in the place of others
 * of the same name. wire: hellgate §headers, verified; which are the vault's, and what is refused, is inferred.
 */
export const readForwardHeaders = (headers: RequestHeaders): Result<Headers, Refusal> => {
  const pairs = readPairs(headers)
  if (!pairs.ok) return pairs
  const namesOfPairs = pairs.value.map(([name]) => name.toLowerCase())
  const inPairs = new Set(namesOfPairs)
  const twice = namesOfPairs.find((name, at) => namesOfPairs.indexOf(name) !== at)
  if (twice !== undefined) return refuse({ type: 'HeaderNotAllowed', header: twice })
  const dropped = new Set(listOf(headers['connection']))
  const plain = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || isOwn(name) || partOfPair.test(name) || dropped.has(name) || inPairs.has(name)
      ? []
      : [[name, String(value)]],
  )
  const all = [...plain, ...pairs.value]
  // Placeholders stand in the body only; anywhere else the destination would get the placeholder itself.
  const named = all.find((pair) => pair.join('').includes(placeholders.open))
  return named ? refuse({ type: 'HeaderNotAllowed', header: named[0] }) : ok(Object.fromEntries(all))
}

const partOfPair = /^x-(.+)-(name|value)$/

/** Half of a pair would go on as a header that nobody meant. Its name is the caller's own word. */
const readPairs = (headers: RequestHeaders): Result<readonly (readonly [string, string])[], Refusal> => {
  const pairs: (readonly [string, string])[] = []
  for (const header of Object.keys(headers)) {
    const [, label, part] = partOfPair.exec(header) ?? []
    if (label === undefined) continue
    const other = `x-${label}-${part === 'name' ? 'value' : 'name'}`
    if (headers[other] === undefined) return refuse({ type: 'MissingField', field: spellBack(other) })
    if (part === 'name') pairs.push([String(headers[header]), String(headers[other])])
  }
  return ok(pairs)
}

const listOf = (value: RequestHeaders[string]): readonly string[] =>
  String(value ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())

/** Not for the destination: what the vault reads itself, and what speaks of the connection, the body as it came, or the way. */
const own: ReadonlySet<string> = new Set([
  'x-api-key',
  'x-destination-url',
  'x-cvc-session-id',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'cookie',
  'forwarded',
  'via',
  'x-real-ip',
])

const ownPrefixes = ['x-hellgate-', 'x-forwarded-', 'cardkeep-']

const isOwn = (name: string): boolean =>
  own.has(name) || isOfConnection(name) || ownPrefixes.some((prefix) => name.startsWith(prefix))
