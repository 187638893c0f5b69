import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/*
 * Runs every check that is not a test: one line each, the whole output of those that fail, and a last line
 * `N passed, N failed`. With arguments only the checks whose name begins with one of them.
 */

interface Check {
  readonly name: string
  readonly command: string
}

interface Outcome {
  readonly check: Check
  readonly passed: boolean
  readonly output: string
  readonly seconds: number
}

const root = join(import.meta.dirname, '..')

const listChecks = (): readonly Check[] => {
  const projects = globSync(['tsconfig.json', '{e2e,packages/*}/tsconfig.json'], { cwd: root }).toSorted()
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const named = [
    'lint',
    'unused',
    'format:check',
    'layers',
    'texts',
    'deployment',
    'openapi',
    'elements',
  ].map((name) => {
    const command = scripts[name]
    if (command === undefined) throw new Error(`package.json has no script "${name}"`)
    return { name, command }
  })
  const types = projects.map((project) => ({
    name: `typecheck ${dirname(project)}`,
    command: `tsc -p ${project}`,
  }))
  return [...named, ...types]
}

/** npm would put the same folders on the path, but starting it for every check takes longer than most of them. */
const environment = {
  ...process.env,
  PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
}

const run = (check: Check): Promise<Outcome> => {
  const begun = performance.now()
  return new Promise((resolve) => {
    let output = ''
    const end = (passed: boolean) =>
      resolve({ check, passed, output, seconds: (performance.now() - begun) / 1000 })
    const child = spawn(check.command, {
      cwd: root,
      shell: true,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.on('error', (error) => {
      output += error.message
      end(false)
    })
    child.on('close', (code) => end(code === 0))
  })
}

/** As many at a time as there are processors; each is printed as it ends. */
const runAll = async (checks: readonly Check[]): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  const waiting = [...checks]
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const outcome = await run(check)
      outcomes.push(outcome)
      console.log(
        `${outcome.passed ? 'passed' : 'FAILED'}  ${check.name.padEnd(28)} ${outcome.seconds.toFixed(1).padStart(5)} s`,
      )
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return outcomes
}

const wanted = process.argv.slice(2)
const checks = listChecks().filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)),
)
// Precondition: a misspelt name must not pass for a check that found nothing.
if (checks.length === 0) throw new Error(`no check is called ${wanted.join(' or ')}`)

const outcomes = await runAll(checks)
const failed = outcomes.filter(({ passed }) => !passed)
for (const { check, output } of failed)
  console.log(`\n── ${check.name}: ${check.command}\n\n${output.trim()}`)
console.log(`\n${outcomes.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1
