import { openGpg } from '@cardkeep/testing/servers/gpg'
import { type CaptureKey, toBase64 } from './verifone.ts'

export interface GpgClient {
  /** Encrypts for the key; `options` of the program. Answers the base64 of what it armored. */
  readonly encrypt: (
    key: CaptureKey,
    plain: string | Uint8Array,
    options?: readonly string[],
  ) => Promise<string>
  /** Armors what it does not encrypt. */
  readonly store: (plain: string) => Promise<string>
}

/** GnuPG as another implementation of what clients do. */
export const startGpg = (): GpgClient => {
  const gpg = openGpg()
  const imported = new Map<string, Promise<string>>()
  const importKey = async ({ armored }: CaptureKey): Promise<string> => {
    await gpg.run(armored, '--import')
    const { out } = await gpg.run(armored, '--with-colons', '--import-options', 'show-only', '--import')
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(out.toString())?.[1]
    if (fingerprint === undefined) throw new Error('gpg knows no such key')
    return fingerprint
  }
  const armor = async (plain: string | Uint8Array, ...options: readonly string[]): Promise<string> =>
    toBase64((await gpg.run(plain, '--armor', ...options)).out.toString())
  return {
    encrypt: async (key, plain, options = []) => {
      const importing = imported.get(key.alias) ?? importKey(key)
      imported.set(key.alias, importing)
      return armor(plain, '--recipient', await importing, ...options, '--encrypt')
    },
    store: (plain) => armor(plain, '--store'),
  }
}
