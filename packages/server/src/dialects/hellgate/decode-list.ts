import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { ListCards } from '@cardkeep/core/operations/tokens/list-cards'
import type { Static } from 'typebox'
import type { RouteInput } from '../../http/route.ts'
import type { PageWish } from './encode.ts'
import { readMoment } from './moment.ts'
import type { listQuery } from './wire.ts'

export interface ListWish {
  readonly page: PageWish
  readonly list: ListCards
  /** Asks only for tokens of a kind that this vault has none of. */
  readonly isEmpty: boolean
}

/** wire: hellgate §list: fields and limits verified; newest first unless told otherwise inferred. */
export const decodeList = ({ query }: RouteInput): Result<ListWish, Refusal> => {
  const wish = query as Static<typeof listQuery>
  const size = Number(wish.limit ?? 50)
  const page = Number(wish.page ?? 1)
  const from = wish.from === undefined ? undefined : readMoment(wish.from)
  if (wish.from !== undefined && !from) return refuse({ type: 'InvalidField', field: 'from' })
  const to = wish.to === undefined ? undefined : readMoment(wish.to)
  if (wish.to !== undefined && !to) return refuse({ type: 'InvalidField', field: 'to' })
  const statuses = wish.network_token_status?.split(',') ?? [ownStatus]
  if (!statuses.every((status) => networkTokenStatuses.includes(status)))
    return refuse({ type: 'InvalidField', field: 'network_token_status' })
  return ok({
    page: { page, size },
    list: {
      from: from?.first,
      before: to?.after,
      order: wish.sort?.endsWith('asc') ? 'oldest first' : 'newest first',
      limit: size,
      offset: (page - 1) * size,
    },
    isEmpty: !statuses.includes(ownStatus),
  })
}

/** Of every token of this vault. */
const ownStatus = 'not_available'

const networkTokenStatuses = ['active', 'inactive', 'pending', 'failed', 'deleted', ownStatus]
