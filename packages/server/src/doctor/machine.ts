import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { Finding } from './finding.ts'

/** What of the machine could carry a code or a card to a disk, or stop the vault. */
export const examineMachine = (config: Config): readonly Finding[] => [
  examineSwap(),
  examineCoreDumps(),
  examineNodeOptions(config.nodeOptions),
  ...ofFile(config, examineFolder),
  ...examineProxies(config),
  ...ofFile(config, examineSpace),
]

/** A database on a server has its disk there, and no folder here. */
const ofFile = (config: Config, look: (config: Config) => Finding): readonly Finding[] =>
  config.database.type === 'sqlite' ? [look(config)] : []

const swapList = '/proc/swaps'

const examineSwap = (): Finding => {
  if (!existsSync(swapList))
    return { check: 'swap', status: 'warn', detail: 'cannot be told here: see that swap is off or encrypted' }
  const areas = readFileSync(swapList, 'utf8').trim().split('\n').length - 1
  return areas === 0
    ? { check: 'swap', status: 'ok', detail: 'off' }
    : {
        check: 'swap',
        status: 'warn',
        detail: 'on: memory that holds codes can reach a disk; turn it off or encrypt it',
      }
}

const limitList = '/proc/self/limits'

const examineCoreDumps = (): Finding => {
  if (!existsSync(limitList)) return { check: 'core dumps', status: 'warn', detail: 'cannot be told here' }
  const line = readFileSync(limitList, 'utf8')
    .split('\n')
    .find((row) => row.startsWith('Max core file size'))
  return line && /\s0\s/.test(line)
    ? { check: 'core dumps', status: 'ok', detail: 'off' }
    : {
        check: 'core dumps',
        status: 'warn',
        detail: 'on for this process: start it by bin/cardkeep.js or set ulimit -c 0',
      }
}

const leaking = /--(inspect|heapsnapshot|heap-prof|cpu-prof|report-|abort-on-uncaught)/

const examineNodeOptions = (options: string): Finding =>
  leaking.test(options)
    ? { check: 'NODE_OPTIONS', status: 'fail', detail: 'opens a debugger or writes memory to files' }
    : { check: 'NODE_OPTIONS', status: 'ok', detail: 'opens no debugger and writes no memory' }

/** Behind a proxy that is not named all callers have one address, and share its lock-outs. */
const examineProxies = ({ tls, trustedProxies }: Config): readonly Finding[] => {
  if (tls.type !== 'terminated') return []
  return trustedProxies.length > 0
    ? [{ check: 'trusted proxies', status: 'ok', detail: trustedProxies.join(', ') }]
    : [
        {
          check: 'trusted proxies',
          status: 'warn',
          detail: 'none: every caller seems to come from the proxy; set CARDKEEP_TRUSTED_PROXIES',
        },
      ]
}

const examineFolder = ({ dataFolder }: Config): Finding => {
  if (process.platform === 'win32')
    return { check: 'data folder', status: 'warn', detail: 'see that only the vault can read it' }
  const isOpen = (statSync(dataFolder).mode & 0o077) !== 0
  return isOpen
    ? { check: 'data folder', status: 'fail', detail: `others can look into it: chmod 700 ${dataFolder}` }
    : { check: 'data folder', status: 'ok', detail: 'only its owner can look into it' }
}

const enoughBytes = 256 * 1024 * 1024

const examineSpace = ({ dataFolder }: Config): Finding => {
  const { bavail, bsize } = statfsSync(dataFolder)
  const free = bavail * bsize
  const megabytes = Math.floor(free / 1024 / 1024)
  return free < enoughBytes
    ? {
        check: 'disk space',
        status: 'warn',
        detail: `${megabytes} MiB left; without any, nothing can be written`,
      }
    : { check: 'disk space', status: 'ok', detail: `${megabytes} MiB left` }
}
