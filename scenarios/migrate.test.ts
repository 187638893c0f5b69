import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { runCommand } from '@cardkeep/testing/vault-process'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test, vi } from 'vitest'
import { ownDatabase } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { allowProvider, type Ground, groundAt, runScenario, type Scenario } from './support/scenario.ts'
import { chargesOf, type Shop, tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 })

const program = fileURLToPath(new URL('../packages/server/bin/cardkeep.js', import.meta.url))

interface Move {
  readonly words: readonly string[]
  readonly settings: Readonly<Record<string, string>>
}

const moveOf = ({ folder }: Ground, settings: Readonly<Record<string, string>>): Move => {
  const { CARDKEEP_DATABASE_URL: url = '', CARDKEEP_DATABASE_PASSWORD_FILE: passwordFile = '' } = settings
  return {
    words: ['migrate', '--from', `sqlite:${folder}/data`, '--to', url],
    settings: { CARDKEEP_DATABASE_PASSWORD_FILE: passwordFile },
  }
}

const stages = ['copying', 'cutting', 'verifying', 'finishing']

/** Runs the command and kills it, as a power cut would, so long after it said that it had come to a stage, or is beyond. */
const killAt = async ({ words, settings }: Move, stage: string, afterMs: number): Promise<void> => {
  const env = { PATH: process.env['PATH'], ...settings }
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (stages.slice(stages.indexOf(stage)).includes(line)) setTimeout(() => child.kill('SIGKILL'), afterMs)
  })
  await exited
}

interface Answer {
  readonly digest: string
  readonly tables: Readonly<Record<string, number>>
  readonly locked_ms: number | null
}

const run = (ground: Ground, { words, settings }: Move, ...more: readonly string[]): Promise<Answer> =>
  runCommand<Answer>({ folder: ground.folder, settings }, ...words, ...more)

interface Load {
  /** Tokens that callers were given. */
  readonly tokens: string[]
  /** How many calls were refused, and how. */
  readonly refused: Record<number, number>
  /** Ends it. */
  stop(): Promise<void>
}

/** Callers who tokenise one card after the other, and charge some of them, until they are stopped. */
const startLoad = (shop: Shop, provider: Provider, callers: number): Load => {
  const tokens: string[] = []
  const refused: Record<number, number> = {}
  let next = 0
  let isOver = false
  const call = async (): Promise<void> => {
    while (!isOver) {
      const card = next++
      const { status, body } = await shop.call('POST', '/tokenize', {
        body: tokenizeBody({ number: loadCard(card) }),
      })
      if (status === 201) {
        const token = String(body['token'])
        tokens.push(token)
        if (card % 10 === 0) await shop.charge({ token, url: chargesOf(provider) })
      } else {
        refused[status] = (refused[status] ?? 0) + 1
        await wait(20)
      }
    }
  }
  // A test that has failed stops its vault, and then nobody asks how the calls ended.
  const calling = Promise.allSettled(Array.from({ length: callers }, call))
  cleanUp(() => {
    isOver = true
  })
  return {
    tokens,
    refused,
    stop: async () => {
      isOver = true
      await calling
    },
  }
}

const startEmbedded = async (): Promise<Scenario & { readonly provider: Provider }> => {
  const scenario = await runScenario(groundAt(makeWorkspace().path, {}))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, scenario.demo, provider)
  return { ...scenario, provider }
}

describeOnPostgres('an embedded vault that moves under load', (server) => {
  test('loses no token that it gave out, however often the move is cut short', async () => {
    const scenario = await startEmbedded()
    const { demo, demoKeys, provider, vault } = scenario
    const settings = ownDatabase(server)
    const move = moveOf(scenario, settings)
    const load = startLoad(demo, provider, 8)
    await until('tokens', async () => load.tokens.length > 300)

    for (const [stage, afterMs] of [
      ['copying', 0],
      ['copying', 40],
      ['copying', 150],
      ['cutting', 0],
      ['cutting', 15],
      ['verifying', 20],
      ['finishing', 0],
    ] as const)
      await killAt(move, stage, afterMs)
    const answer = await run(scenario, move).catch((error: unknown) => String(error))
    if (typeof answer === 'string') expect(answer).toContain('has moved already')
    else expect(answer.digest).toBe('equal')

    // Nothing that the old side still answered with yes may be missing on the new one.
    await wait(200)
    await load.stop()
    expect(Object.keys(load.refused)).toEqual(['503'])
    await vault.stop()
    await expect(scenario.start()).rejects.toThrow('has moved to PostgreSQL')

    const there = groundAt(scenario.folder, settings)
    const moved = await there.start()
    const shop = there.shopAt(moved, demoKeys)
    const rows = await server.query(
      settings['CARDKEEP_DATABASE_URL'] ?? '',
      'select count(*) as tokens from tokens',
    )
    // And the one that the provider was allowed with.
    expect(rows).toEqual([{ tokens: load.tokens.length + 1 }])
    for (const [at, token] of load.tokens.entries()) {
      if (at % 20 !== 0 && at < load.tokens.length - 100) continue
      expect(await shop.charge({ token, url: chargesOf(provider) })).toMatchObject({
        status: 200,
        sent: 'yes',
      })
    }
    await shop.tokenize({ number: loadCard(0), code: '123' })
    expect(await there.command('audit', 'verify')).toMatchObject({ ok: true })
    await moved.stop()
    await expect(run(scenario, move, '--abandon')).rejects.toThrow('has written to the target since')
  })

  test('serves where it was once the move is abandoned, also after the cut', async () => {
    const scenario = await startEmbedded()
    const { demo, provider } = scenario
    const settings = ownDatabase(server)
    const move = moveOf(scenario, settings)
    const load = startLoad(demo, provider, 4)
    await until('tokens', async () => load.tokens.length > 100)
    const { digest, locked_ms: lockedMs } = await run(scenario, move)
    expect(digest).toBe('equal')
    expect(lockedMs).toBeLessThan(2_500)
    await until('a refusal', async () => (load.refused[503] ?? 0) > 0)
    const before = load.tokens.length
    expect(await run(scenario, move, '--abandon')).toEqual({ abandoned: true, had_come_to: 'done' })
    await until('tokens again', async () => load.tokens.length > before)
    await load.stop()
    await expect(groundAt(scenario.folder, settings).start()).rejects.toThrow('has not finished')
    expect(await scenario.command('audit', 'verify')).toMatchObject({ ok: true })
    const { token } = await demo.tokenize({ number: loadCard(1) })
    expect(await demo.charge({ token, url: chargesOf(provider) })).toMatchObject({ status: 200 })
  })

  test('says in one line why it does not move', async () => {
    const ground = groundAt(makeWorkspace().path, {})
    await ground.command('tenant', 'create', 'first')
    const { words, settings } = moveOf(ground, ownDatabase(server))
    const refused = async (given: readonly string[], more: Move['settings'] = {}): Promise<string> => {
      const options = { folder: ground.folder, settings: { ...settings, ...more } }
      return runCommand(options, ...given).then(
        () => 'it moved',
        (error: unknown) =>
          error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error),
      )
    }
    const [command = '', from = '', source = '', to = '', target = ''] = words
    expect(await refused([command, from, 'data', to, target])).toBe('cardkeep: --from takes sqlite:PATH\n')
    expect(await refused([command, from, `${source}/none.db`, to, target])).toMatch(
      /^cardkeep: there is no database .*\n$/,
    )
    expect(await refused([command, from, source, to, 'sqlite:/a'])).toContain('--to takes postgres://')
    expect(await refused([...words, '--target-lost'])).toContain('together with --abandon')
    expect(await refused([...words, '--abandon'])).toContain('no migration of this vault was begun')
    expect(await refused(words, { CARDKEEP_DATABASE_POOLER: 'transaction' })).toContain('past the pooler')
    expect(await refused(words, { CARDKEEP_DATABASE_PASSWORD_FILE: '/none' })).toContain(
      'which cannot be read',
    )
    const other = groundAt(makeWorkspace().path, ownDatabase(server))
    await other.command('tenant', 'create', 'another')
    const occupied = other.options.settings?.['CARDKEEP_DATABASE_URL'] ?? ''
    expect(await refused([command, from, source, to, occupied])).toContain('the target holds a vault already')
    expect(await refused(words)).toBe('it moved')
    await expect(ground.command('tenant', 'list')).rejects.toThrow('has moved to PostgreSQL')
    expect(
      await groundAt(ground.folder, { ...settings, CARDKEEP_DATABASE_URL: target }).command('tenant', 'list'),
    ).toMatchObject({
      tenants: [{ name: 'first' }],
    })
  })
})
