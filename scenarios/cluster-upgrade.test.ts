import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { runCommand, startVault, type VaultOptions, type VaultProcess } from '@cardkeep/testing/vault-process'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import { hasEnded } from './support/has-ended.ts'
import { makeContractingRelease, makeExpandingRelease } from './support/later-releases.ts'
import { expectNothingLost, openMixedGround, startMixedLoad } from './support/mixed-load.ts'
import type { NewerProgram } from './support/newer-program.ts'
import { readRows } from './support/rows.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const callers = 6
/** So that what starts beside it comes up. */
const perSecond = 40
const enough = 40

/** How a program is told of the servers of a cluster, and of its own where it is another one. */
const optionsOf = ({ options }: Cluster, release?: NewerProgram): Omit<VaultOptions, 'folder'> => ({
  settings: { ...options.settings, ...release?.settings },
  ...(release && { program: release.program }),
})

/** A node beside those of a cluster, of a newer program where one is given, in a folder of this name. */
const addNode = async (cluster: Cluster, name: string, release?: NewerProgram): Promise<VaultProcess> => {
  const node = await startVault({ folder: join(cluster.folder, name), ...optionsOf(cluster, release) })
  cleanUp(() => node.kill())
  return node
}

const logOf = ({ folder }: Cluster, name: string): string =>
  readFileSync(join(folder, name, 'vault.log'), 'utf8')

describeOnBoth('nodes of two versions', (postgres, redis) => {
  test('serve one database through an upgrade under load, and those that it leaves behind end by themselves', async () => {
    const expanded = makeExpandingRelease()
    const contracted = makeContractingRelease()
    const cluster = await startCluster({ postgres, redis, nodes: 2 })
    const ground = await openMixedGround(cluster)
    let serving: readonly VaultProcess[] = cluster.nodes
    const choose = (caller: number): VaultProcess => {
      const node = serving[caller % serving.length]
      if (!node) throw new Error('a cluster without nodes')
      return node
    }
    const load = startMixedLoad(ground, { callers, choose, perSecond })
    const more = async (): Promise<void> => {
      const wanted = load.total() + enough
      await until('more requests', () => load.total() >= wanted, 60_000)
    }
    const versions = () =>
      readRows(cluster, 'select max(number) as version, max(needs) as needs from schema_version')
    const [first, second] = cluster.nodes
    if (!first || !second) throw new Error('two nodes')

    // Expand: one node is replaced, and both versions serve.
    await more()
    const newer = await addNode(cluster, 'newer', expanded)
    serving = [second, newer]
    await first.stop()
    await more()
    expect(versions()).toEqual([{ version: expanded.version, needs: 0 }])
    // A node of the version before that has to start meanwhile does.
    const again = await addNode(cluster, 'again')
    serving = [second, newer, again]
    await more()
    expect(logOf(cluster, 'again')).toContain('"event":"schema.newer"')
    expect(logOf(cluster, 'node-2')).toContain('"event":"schema.newer"')
    expect(Object.keys(load.failures).filter((kind) => !kind.endsWith(' lost'))).toEqual([])

    // Contract, with a node left behind that should not be there any more.
    serving = [newer, again]
    expect(await second.stop()).toBe(0)
    const latest = await addNode(cluster, 'latest', contracted)
    serving = [newer, again, latest]
    expect(versions()).toEqual([{ version: contracted.version, needs: expanded.version }])
    await until('the end of the node that was left behind', () => hasEnded(again), 20_000)
    serving = [newer, latest]
    expect(logOf(cluster, 'again')).toContain('"event":"schema.outgrown"')
    await more()
    expect(hasEnded(newer)).toBe(false)
    await load.end()

    // Whoever asked the node that was left behind was told that nothing was done, or lost the connection.
    expect(Object.keys(load.failures).filter((kind) => !/ (?:503|lost)$/.test(kind))).toEqual([])
    const command: Cluster['command'] = (...words) =>
      runCommand({ folder: cluster.folder, ...optionsOf(cluster, contracted) }, ...words)
    await expectNothingLost({ ...ground, cluster: { ...ground.cluster, command } }, load)
    expect(versions()).toEqual([{ version: contracted.version, needs: expanded.version }])
  })
})
