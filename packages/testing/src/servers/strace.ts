import { join } from 'node:path'
import { makeWorkspace } from '../workspace.ts'
import { findProgram } from './programs.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

/** The path of the tracer's program, or none on this machine. */
export const findStrace = (): string | undefined => findProgram('strace')

/** The system calls by which a program waits for a disk. */
const syncs = 'fsync,fdatasync'

/**
 * Holds up each sync of a process, in all of its threads, before it begins, as a disk does that is slow; until it is ended.
 * Throws with what strace said where this machine does not let it.
 */
export const delaySyncs = async (pid: number, ms: number): Promise<Pick<ServerProcess, 'end'>> => {
  const program = findStrace()
  if (program === undefined) throw new Error('there is no strace on this machine')
  const { path } = makeWorkspace()
  const inject = `inject=${syncs}:delay_enter=${ms * 1_000}`
  return startServerProcess({
    program,
    args: ['-f', '-e', `trace=${syncs}`, '-e', inject, '-o', join(path, 'calls'), '-p', String(pid)],
    logFile: join(path, 'strace.log'),
    ready: /Process \d+ attached/,
    // It lets go of the process, which goes on.
    onOrphaned: 'SIGTERM',
  })
}

/**
 * The words before a command that kill it where one of its threads is about to make its nth call of these, none of which a
 * machine need have. Threads count apart, so a story has all calls that matter made by one.
 */
export const killingAt = (calls: readonly string[], nth: number): readonly string[] => {
  const program = findStrace()
  if (program === undefined) throw new Error('there is no strace on this machine')
  const some = calls.map((name) => `?${name}`).join()
  const inject = `inject=${some}:signal=KILL:when=${nth}`
  return [program, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${some}`, '-e', inject]
}
