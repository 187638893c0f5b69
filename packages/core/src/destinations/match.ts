import type { Destination, ForwardMethod } from './destination.ts'

/** A URL taken apart by someone who has parsed it; core has no parser of its own. */
export interface Target {
  readonly origin: string
  /** As it will stand on the wire, dot segments resolved. */
  readonly path: string
  readonly method: ForwardMethod
}

// `%2f` and `%5c` are one character to us and may be a separator to the provider; behind a prefix that would be a way out.
const hiddenSeparator = /%2f|%5c|\\/i

export const isAllowed = (destination: Destination, { origin, path, method }: Target): boolean => {
  if (destination.origin !== origin) return false
  if (destination.methods.length > 0 && !destination.methods.includes(method)) return false
  const { pathPrefix } = destination
  if (pathPrefix === undefined) return true
  if (hiddenSeparator.test(path)) return false
  const folder = pathPrefix.endsWith('/') ? pathPrefix : `${pathPrefix}/`
  return path === pathPrefix || path.startsWith(folder)
}

/** The narrowest destination that allows the target, or `undefined`. */
export const findDestination = (
  destinations: readonly Destination[],
  target: Target,
): Destination | undefined =>
  destinations
    .filter((destination) => isAllowed(destination, target))
    .toSorted((a, b) => (b.pathPrefix?.length ?? 0) - (a.pathPrefix?.length ?? 0))[0]
