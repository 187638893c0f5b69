import type { Destination, ForwardMethod, ProviderHeader } from './destination.ts'

/** A URL taken apart by someone who has parsed it; core has no parser of its own. */
export interface Target {
  readonly origin: string
  /** As it will stand on the wire, dot segments resolved. */
  readonly path: string
  readonly method: ForwardMethod
}

/*
 * What is one harmless segment to us may be a way up to whoever reads it next: an encoded separator, a parameter
 * behind `..`, a dot, NUL or overlong byte that is decoded twice. Behind a prefix none of it is let through.
 */
const wayOut = /%2f|%5c|\\|;|%3b|%25|%00|%c0|(?:^|\/)(?:\.|%2e){2}/i

export const isAllowed = (destination: Destination, { origin, path, method }: Target): boolean => {
  if (destination.origin !== origin) return false
  if (destination.methods.length > 0 && !destination.methods.includes(method)) return false
  const { pathPrefix } = destination
  if (pathPrefix === undefined) return true
  if (wayOut.test(path)) return false
  const folder = pathPrefix.endsWith('/') ? pathPrefix : `${pathPrefix}/`
  return path === pathPrefix || path.startsWith(folder)
}

/**
 * The narrowest destination that allows the target, or `undefined`. Of two as narrow the one that adds more headers: an
 * older one without must not let a caller send headers of its own in their place.
 */
export const findDestination = (
  destinations: readonly Destination[],
  target: Target,
): Destination | undefined =>
  destinations
    .filter((destination) => isAllowed(destination, target))
    .toSorted(
      (a, b) =>
        (b.pathPrefix?.length ?? 0) - (a.pathPrefix?.length ?? 0) || b.headers.length - a.headers.length,
    )[0]

/**
 * The headers that are not a caller's to send to this destination: its own, and those of narrower ones of the same origin. What
 * is no path of theirs to us may be one to the provider, to whom `/V1` or `/v1;x` may be `/v1`.
 */
export const reservedHeaders = (
  destinations: readonly Destination[],
  { origin, pathPrefix = '' }: Destination,
): readonly ProviderHeader['name'][] =>
  destinations
    .filter((other) => other.origin === origin && (other.pathPrefix ?? '').startsWith(pathPrefix))
    .flatMap(({ headers }) => headers.map(({ name }) => name))
