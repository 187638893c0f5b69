import type { NetworkTokenId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { NetworkTokenProvider, NetworkTokenProviders } from '@cardkeep/core/ports'

type Step = 'issue' | 'suspend' | 'resume' | 'end'

export interface ProviderDouble extends NetworkTokenProvider {
  /** To every tenant. */
  readonly providers: NetworkTokenProviders
  /** What it takes each to be, as a scheme would. */
  readonly states: ReadonlyMap<NetworkTokenId, 'active' | 'suspended' | 'ended'>
  /** Such as `suspend 00000000-…`, in order. */
  readonly heard: readonly string[]
  /** Before each step; what it throws the step throws, after it was done where `isDone`. */
  before: (step: Step, id: NetworkTokenId) => Promise<void> | void
  failing: { readonly step: Step; readonly isDone: boolean } | undefined
}

/** Issues network tokens as a scheme would, and remembers what it was told. */
export const createProviderDouble = (): ProviderDouble => {
  const states = new Map<NetworkTokenId, 'active' | 'suspended' | 'ended'>()
  const heard: string[] = []
  const hear = async (
    step: Step,
    id: NetworkTokenId,
    state: 'active' | 'suspended' | 'ended',
  ): Promise<void> => {
    heard.push(`${step} ${id}`)
    await double.before(step, id)
    const fails = double.failing?.step === step
    if (!fails || double.failing?.isDone) states.set(id, state)
    if (fails) throw new Error('the scheme does not answer')
  }
  const double: ProviderDouble = {
    name: 'double',
    providers: () => double,
    states,
    heard,
    before: () => undefined,
    failing: undefined,
    issue: async ({ id, settings: { networkToken, accountReference } }) => {
      await hear('issue', id, 'active')
      return {
        number: networkToken ? new Secret(`9999${String(heard.length).padStart(12, '0')}`) : undefined,
        expiry: networkToken ? { month: 4, year: 2033, yearDigits: 4 } : undefined,
        accountReference: accountReference ? 'DBL0AAAAAAAAAAAAAAAAAAAAAAAAA' : undefined,
      }
    },
    suspend: (id) => hear('suspend', id, 'suspended'),
    resume: (id) => hear('resume', id, 'active'),
    end: (id) => hear('end', id, 'ended'),
  }
  return double
}
