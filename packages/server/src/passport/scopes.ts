import type { Permission } from '@cardkeep/core/tenants/tenant'

/**
 * What a token's scope leaves of what its credential may do. wire: pismo §tokens, verified: the form of a scope; which of
 * them the pages of cards ask for is not said, so what these two leave is inferred.
 */
const leaves = {
  'pismo-v1:cards:rw': () => true,
  'pismo-v1:cards:r': (permission) => permission === 'show',
} as const satisfies Record<string, (permission: Permission) => boolean>

export type CardScope = keyof typeof leaves

const widest: CardScope = 'pismo-v1:cards:rw'

/** Of those that were asked for the ones that there are, each once; who asks for none gets all. */
export const grantScopes = (asked: readonly string[] | undefined): readonly CardScope[] =>
  asked === undefined ? [widest] : [...new Set(asked.filter(isScope))]

/** `undefined`: the token names none, which narrows nothing. */
export const narrow = (
  permissions: readonly Permission[],
  scopes: readonly string[] | undefined,
): readonly Permission[] => {
  const granted = grantScopes(scopes)
  return permissions.filter((permission) => granted.some((scope) => leaves[scope](permission)))
}

const isScope = (text: string): text is CardScope => Object.hasOwn(leaves, text)
