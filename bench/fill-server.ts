import { spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { fillDueCards } from './issuing.ts'
import { makeTokens } from './make-tokens.ts'
import { serveBench } from './servers.ts'
import { needsTenant, openBenchVault } from './vault.ts'

/* Fills the database of a vault and answers some of its tokens, spread over all of it. */

const vault = await openBenchVault(process.argv[2] ?? '')
const tenant = await needsTenant(vault)

const fill = async (count: number): Promise<readonly string[]> => {
  const made = await makeTokens(vault, tenant, count)
  const step = Math.max(1, Math.floor(count / 1_000))
  return made.filter((_, at) => at % step === 0).map(spellPrefixed)
}

serveBench(
  {},
  {
    'fill 1000': () => fill(1_000),
    'fill 1000000': () => fill(1_000_000),
    'fill due cards': () => fillDueCards(vault, tenant),
  },
  () => vault.close(),
)
