import type { IssuedCardId } from '@cardkeep/core/kernel/ids'

/** What tries of a card are called on the server: all of one card under one key. */
export interface TryNames {
  readonly keys: readonly string[]
  readonly names: readonly string[]
}

/** Names of tries by their card. */
export const createTryNames = () => {
  const byCard = new Map<IssuedCardId, { readonly keys: readonly string[]; readonly names: string[] }>()
  let size = 0
  return {
    add: (card: IssuedCardId, { keys, names }: TryNames): void => {
      const known = byCard.get(card)
      if (known) known.names.push(...names)
      else byCard.set(card, { keys, names: [...names] })
      size += names.length
    },
    /** The oldest of a card. */
    take: (card: IssuedCardId): TryNames | undefined => {
      const known = byCard.get(card)
      const name = known?.names.shift()
      if (!known || name === undefined) return undefined
      if (known.names.length === 0) byCard.delete(card)
      size--
      return { keys: known.keys, names: [name] }
    },
    takeAll: (): readonly (readonly [IssuedCardId, TryNames])[] => {
      const all = [...byCard]
      byCard.clear()
      size = 0
      return all
    },
    all: (): readonly TryNames[] => [...byCard.values()],
    size: () => size,
  }
}
