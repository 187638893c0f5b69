import { dirname } from 'node:path'
import { KeyError } from '../key-error.ts'
import { createCounterFile, readCounter, writeCounter } from './counter-file.ts'
import { ensureFolder, isInside, isThere } from './files.ts'
import type { RootKeyProvider } from './provider.ts'
import { createRootKeyFile, readRootKeyFile } from './root-key-file.ts'
import { unwrapUnder, wrapUnder } from './wrap.ts'

export interface FileRootKeyOptions {
  /** Absolute path of the root key; its counter stands beside it as `<path>.counter`. */
  readonly path: string
  /** Where the database is: a copy of that folder alone must not open any card. `undefined` if it has no folder. */
  readonly forbiddenFolder: string | undefined
  /** Only for a database that holds no keys yet: a new root key opens none of those that were wrapped before it. */
  readonly mayCreate: boolean
  /**
   * Only for a database that an operator puts back: it is said there which set is the newest. A missing counter stands for 0
   * and is made when that set is remembered; before, no vault may start beside it.
   */
  readonly mayCountAnew?: boolean
}

/**
 * The root key in a file of this machine, made on the first start. Throws `KeyError` if the file is missing and may not
 * be made, may be read by others, is a link, has another form, or stands in the database's folder.
 */
export const openFileRootKey = async (options: FileRootKeyOptions): Promise<RootKeyProvider> => {
  const { path, forbiddenFolder } = options
  // PCI DSS 3.6.1: the key that encrypts keys is stored apart from what it protects.
  if (forbiddenFolder !== undefined && (await isInside(path, forbiddenFolder)))
    throw new KeyError(
      `The root key ${path} stands in the folder of the database, so that one copy would take both: ` +
        'move it elsewhere and name the new place in CARDKEEP_ROOT_KEY.',
    )
  const rootKey = (await readRootKeyFile(path)) ?? (await createAndRead(options))
  const counterPath = counterPathOf(path)
  const mayCountAnew = options.mayCountAnew ?? false
  const remembered = async (): Promise<number> =>
    mayCountAnew && !(await isThere(counterPath)) ? 0 : await readCounter(counterPath)
  await remembered()
  return {
    wrap: async (plaintext, aad) => wrapUnder(rootKey, plaintext, aad),
    unwrap: async (wrapped, aad) => unwrapUnder(rootKey, wrapped, aad),
    describe: () => `file ${path} (AES-256-GCM)`,
    rememberedCounter: remembered,
    rememberCounter: async (counter) => {
      if (mayCountAnew) await createCounterFile(counterPath)
      await writeCounter(counterPath, counter)
    },
  }
}

const createAndRead = async ({ path, mayCreate }: FileRootKeyOptions) => {
  if (!mayCreate)
    throw new KeyError(
      `The root key ${path} is missing, and the database holds keys that only it opens: ` +
        'put the file back from its backup, or name its place in CARDKEEP_ROOT_KEY.',
    )
  await ensureFolder(dirname(path))
  // The counter comes first, so that a root key without one was never a first start that broke off.
  await createCounterFile(counterPathOf(path))
  if ((await readCounter(counterPathOf(path))) > 0) return needsKeyOfCounter(path)
  await createRootKeyFile(path)
  const rootKey = await readRootKeyFile(path)
  if (!rootKey) throw new KeyError(`The root key ${path} was made and is gone: look at what removes it.`)
  return rootKey
}

/** A counter that already counts belongs to a root key: one that another process has just made, or one that was lost. */
const needsKeyOfCounter = async (path: string) => {
  const rootKey = await readRootKeyFile(path)
  if (rootKey) return rootKey
  throw new KeyError(
    `The root key ${path} is missing, but its counter ${counterPathOf(path)} is there: put the root key back ` +
      'from its backup. Only if the vault is to start anew, with no card of before, remove the counter.',
  )
}

const counterPathOf = (path: string): string => `${path}.counter`
