import { readFileSync, writeFileSync } from 'node:fs'

/*
 * `npm run lockfile`, after `npm install` from a registry that mirrors packages for its own platform only: npm leaves
 * the other platforms' optional packages out of the lockfile, and then refuses the lockfile it wrote (`npm ci`,
 * EUSAGE). Each gets its place back, with the platforms that its name tells. Where a registry has them all this
 * changes nothing.
 */

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const file = new URL('../package-lock.json', import.meta.url)
const lockfile = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }
const systems = /\b(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/
const processors = /\b(arm64|arm|x64|ia32|loong64|mips64el|ppc64|riscv64|s390x|wasm32)\b/

const entryFor = (name: string, version: string, isDev: boolean): Locked => {
  const system = systems.exec(name)?.[1]
  const processor = processors.exec(name)?.[1]
  return {
    version,
    ...(isDev ? { dev: true } : {}),
    optional: true,
    ...(system ? { os: [system] } : {}),
    ...(processor ? { cpu: [processor] } : {}),
    ...(name.includes('musl') ? { libc: ['musl'] } : {}),
  }
}

const added: string[] = []
for (const [place, { optionalDependencies, dev }] of Object.entries(lockfile.packages))
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    const shared = `node_modules/${name}`
    if (shared in lockfile.packages || `${place}/${shared}` in lockfile.packages) continue
    lockfile.packages[shared] = entryFor(name, version, dev ?? false)
    added.push(name)
  }
const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(file, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
console.log(added.length === 0 ? 'the lockfile is complete' : `added ${added.join(', ')}`)
