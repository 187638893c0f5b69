import type { Subject } from '../../audit/entry.ts'
import type { IssuedCard } from '../../issuing/issued-card.ts'

/** Under the id by which callers know it. */
export const subjectOf = ({ id }: Pick<IssuedCard, 'id'>): Subject => ({
  type: 'issued-card',
  id: String(id),
})
