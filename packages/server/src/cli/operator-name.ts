import { userInfo } from 'node:os'

/** Whom the audit log names: the account that runs a command. Clusters run containers as a number that has no name. */
export const operatorName = (lookUp: () => { readonly username: string } = userInfo): string => {
  try {
    return lookUp().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
