import { type Config, readConfig } from '@cardkeep/server/config'

/** What a container is told in variables, held against the program. */
export type Environment = Readonly<Record<string, string>>

/** Settings as the vault reads them, or the sentence with which it refuses them. Files are taken to be there. */
export const readSettings = (environment: Environment): Config | string => {
  const entries = Object.entries(environment).map(([name, value]) => [
    name,
    // Where the file stands in a container is checked by the mounts; that it can be read is all that is asked here.
    /_(?:CA|CERT|KEY|FILE)$/.test(name) && name !== 'CARDKEEP_ROOT_KEY' ? import.meta.filename : value,
  ])
  try {
    return readConfig(Object.fromEntries(entries) as Environment)
  } catch (error) {
    return error instanceof Error ? error.message : 'cannot be read'
  }
}

/** Half a minute to read what came last before a node took nothing more, and half a minute for its provider. */
const lastRequestSeconds = 60

/** Whether a node that is told to stop and killed after so many seconds has finished what it began: a charge, it may be. */
export const isGivenTime = ({ drainSeconds }: Pick<Config, 'drainSeconds'>, seconds: number): boolean =>
  seconds > drainSeconds + lastRequestSeconds

/** Names of those whose value is a secret: whoever may look at a container reads its variables. A path is none. */
export const secretsIn = (environment: Environment): readonly string[] =>
  Object.entries(environment)
    .filter(([name, value]) =>
      isSecretName.test(name) ? !/^\/|^$/.test(value) : isUrlWithPassword.test(value),
    )
    .map(([name]) => name)

const isSecretName = /PASSWORD|SECRET|TOKEN|KEY/
const isUrlWithPassword = /^\w+:\/\/[^/@]*:[^/@]*@/

/** The folders and files that settings name. */
export const filesNamed = (environment: Environment): readonly string[] =>
  Object.entries(environment)
    .filter(([name, value]) => name.startsWith('CARDKEEP_') && value.startsWith('/'))
    .map(([, value]) => value)
