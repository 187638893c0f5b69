import type { BinRecord } from '../../bins/bin.ts'
import { prefixesOf } from '../../bins/prefixes.ts'
import type { Pan } from '../../cards/pan.ts'
import { openSecret } from '../../kernel/secret.ts'
import type { Store } from '../../ports.ts'

/** What the operator's table says of a card; `undefined` where it does not know the card. */
export const describeBin = (store: Pick<Store, 'bin'>, pan: Pan): Promise<BinRecord | undefined> =>
  store.bin(prefixesOf(openSecret(pan, 'check')))
