import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { parseSamples } from '../support/samples.ts'
import { until } from '../support/until.ts'

/** What one vault takes of its machine at one moment. */
export interface ProcessSample {
  readonly memoryMb: number
  readonly heapMb: number
  readonly openFiles: number
  readonly timers: number
  readonly connections: number
}

export interface SampledProcess {
  readonly pid: number
  readonly metricsUrl: string
}

/** A vault that was told to serve its metrics says where, in the log of its folder. */
export const findProcess = async (pid: number, folder: string): Promise<SampledProcess> => ({
  pid,
  metricsUrl: await until(
    'the address of the metrics',
    () => /^ {2}metrics {3}(\S+)$/m.exec(readFileSync(join(folder, 'vault.log'), 'utf8'))?.[1],
  ),
})

const mb = 1024 * 1024

/** By Linux what it counts, by the vault's own metrics what only it knows. */
export const sampleProcess = async ({ pid, metricsUrl }: SampledProcess): Promise<ProcessSample> => {
  const reply = await request(metricsUrl)
  const samples = parseSamples(await reply.body.text())
  const resources = (type: string): number => samples.get('nodejs_active_resources', { type })
  const [, residentKb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return {
    memoryMb: Number(residentKb) / 1024,
    heapMb: samples.get('nodejs_heap_size_used_bytes') / mb,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
    timers: resources('Timeout'),
    connections: resources('TCPSocketWrap') + resources('TLSWrap'),
  }
}
