import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'

/** A user of this machine to whom a server's files belong. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root. `undefined` where this process is an ordinary user's and needs no other. */
export const ordinaryAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ??
    /^nobody:[^:]*:(\d+):(\d+):/m.exec(users) ?? ['', '65534', '65534']
  return { uid: Number(uid), gid: Number(gid) }
}

/** Hands these files and folders over, and lets the account reach them through the folders above. */
export const giveTo = (account: Account | undefined, paths: readonly string[]): void => {
  if (!account) return
  for (const path of paths) {
    chownSync(path, account.uid, account.gid)
    openWay(dirname(path), account)
  }
}

/** The folders of a test run are closed to everyone else; others may now pass through them, and still not list them. */
const openWay = (folder: string, account: Account): void => {
  if (folder === tmpdir() || folder === dirname(folder)) return
  const { mode, uid } = statSync(folder)
  if (uid !== account.uid && (mode & 0o001) === 0) chmodSync(folder, (mode & 0o7777) | 0o011)
  openWay(dirname(folder), account)
}
