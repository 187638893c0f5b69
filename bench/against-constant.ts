import { loadServer, type Round, type Work } from './load.ts'
import type { Measurement } from './report.ts'
import { type BenchServer, startBenchServer, type VaultReady } from './servers.ts'
import { median } from './statistics.ts'

const connections = 64
const rounds = 5
const secondsPerRound = 6

export interface Comparison extends Pick<Measurement, 'name' | 'floor' | 'aim'> {
  readonly work: (vault: BenchServer<VaultReady>) => Promise<Work> | Work
  /** Asked after `work`. */
  readonly headersOf: (ready: VaultReady) => Headers | Promise<Headers>
}

type Headers = Readonly<Record<string, string>>

/** What the vault does, durable before the answer, against the same listener answering the same body with a constant. */
export const measureAgainstConstant = async (
  folder: string,
  { work, headersOf, ...named }: Comparison,
): Promise<readonly Measurement[]> => {
  const vault = await startBenchServer<VaultReady>('vault-server.ts', folder)
  const constant = await startBenchServer<{ url: string }>('constant-server.ts', folder)
  try {
    const asked = await work(vault)
    const headers = await headersOf(vault.ready)
    const limits: Round[] = []
    const vaults: Round[] = []
    // The first of each warms up; then they take turns, so that both see the same machine.
    const load = (server: typeof constant, seconds: number): Promise<Round> =>
      loadServer(server, asked, { url: server.ready.url, headers, seconds, connections })
    await load(constant, 3)
    await load(vault, 3)
    for (let round = 0; round < rounds; round++) {
      limits.push(await load(constant, secondsPerRound))
      vaults.push(await load(vault, secondsPerRound))
    }
    const of = (all: readonly Round[], figure: keyof Round): number =>
      median(all.map((round) => round[figure]))
    return [
      {
        ...named,
        name: `${named.name}, ${connections} connections`,
        value: median(
          vaults.map(({ perSecond }, round) => perSecond / (limits[round]?.perSecond ?? Number.NaN)),
        ),
        unit: 'ratio',
        details: {
          'constant, requests/s': of(limits, 'perSecond'),
          'vault, requests/s': of(vaults, 'perSecond'),
          'constant, p50 ms': of(limits, 'p50'),
          'vault, p50 ms': of(vaults, 'p50'),
          'constant, p99 ms': of(limits, 'p99'),
          'vault, p99 ms': of(vaults, 'p99'),
          'constant, CPU-seconds per 1,000': of(limits, 'cpuPerThousand'),
          'vault, CPU-seconds per 1,000': of(vaults, 'cpuPerThousand'),
        },
      },
    ]
  } finally {
    await vault.stop()
    await constant.stop()
  }
}
