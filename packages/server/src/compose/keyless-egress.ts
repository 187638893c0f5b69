import { createEgress, type EgressOptions } from '../egress/egress.ts'

/** For places to which the vault shows neither a certificate nor sealed headers. */
export const createKeylessEgress = (
  options: Omit<EgressOptions, 'openClientKey' | 'openHeader'>,
): ReturnType<typeof createEgress> =>
  createEgress({ ...options, openClientKey: openNothing, openHeader: openNothing })

/** Precondition: nobody gives such a place a client key or a sealed header. */
const openNothing = async (): Promise<never> => {
  throw new Error('an egress without keys was asked for one')
}
