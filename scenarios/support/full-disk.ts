import { execFileSync } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { cleanUp } from './clean-up.ts'

/** A file system of its own, so that filling it hurts nobody else. */
export interface SmallDisk {
  /** Takes all space that is left. */
  fill(): void
  free(): void
  /** Only while nothing on it is open for writing. */
  remount(mode: 'ro' | 'rw'): void
}

/** Mounts one at an empty folder; `undefined` where that is not permitted. */
export const mountSmallDisk = (folder: string, mebibytes: number): SmallDisk | undefined => {
  mkdirSync(folder, { mode: 0o700 })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder)
  } catch {
    return undefined
  }
  const filler = join(folder, 'filler')
  cleanUp(() => {
    // What was on it is searched for card numbers with the rest.
    rmSync(filler, { force: true })
    cpSync(folder, `${folder}-afterwards`, { recursive: true })
    run('umount', folder)
  })
  return {
    fill: () => fill(filler),
    free: () => rmSync(filler),
    remount: (mode) => run('mount', '-o', `remount,${mode}`, folder),
  }
}

/** Whole blocks first, then single bytes, until nothing fits. */
const fill = (path: string): void => {
  const file = openSync(path, 'a')
  try {
    for (const bytes of [1 << 20, 4096, 1]) {
      const block = Buffer.alloc(bytes)
      while (fits(() => writeSync(file, block))) continue
    }
  } finally {
    closeSync(file)
  }
}

const fits = (write: () => number): boolean => {
  try {
    return write() > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}

/** Makes files refuse every write, through handles that are open already too, or lets them be written again. */
export const setImmutable = (files: readonly string[], immutable: boolean): void =>
  run('chattr', immutable ? '+i' : '-i', ...files)

/** Whether this system has such files and lets us make them. */
export const canBeImmutable = (folder: string): boolean => {
  const probe = join(folder, 'probe')
  writeFileSync(probe, '')
  try {
    setImmutable([probe], true)
    setImmutable([probe], false)
    return true
  } catch {
    return false
  }
}

const run = (command: string, ...words: readonly string[]): void => {
  execFileSync(command, words, { stdio: 'ignore' })
}
