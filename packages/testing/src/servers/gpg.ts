import { spawn } from 'node:child_process'
import { makeWorkspace } from '../workspace.ts'
import { findProgram } from './programs.ts'

/** GnuPG of this machine, or none. */
export const findGpg = (): string | undefined => findProgram('gpg')

/** GnuPG with keys of its own and none of its user's, and without an agent: it is to encrypt, and to read public keys. */
export interface Gpg {
  /** What it wrote, and what it said of it. Throws where it failed. */
  run(input: string | Uint8Array, ...options: readonly string[]): Promise<{ out: Buffer; said: string }>
}

export const openGpg = (): Gpg => {
  const program = findGpg()
  if (program === undefined) throw new Error('no gpg on this machine')
  const fixed = [
    '--homedir',
    makeWorkspace().path,
    '--batch',
    '--no-tty',
    '--no-autostart',
    '--trust-model',
    'always',
  ]
  return {
    run: (input, ...options) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, [...fixed, ...options])
        const [out, said]: [Buffer[], Buffer[]] = [[], []]
        child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
        child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
        child.on('error', reject)
        child.on('close', (code) => {
          const text = Buffer.concat(said).toString()
          if (code === 0) resolve({ out: Buffer.concat(out), said: text })
          else reject(new Error(`gpg ${options.join(' ')} ended with ${code}: ${text}`))
        })
        child.stdin.on('error', () => undefined)
        child.stdin.end(input)
      }),
  }
}
