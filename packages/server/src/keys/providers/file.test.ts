import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test } from 'vitest'
import { type FileRootKeyOptions, openFileRootKey } from './file.ts'
import { isPosix } from './files.ts'

const cannotUnwrap = /do not open|another form/
const aad = new Uint8Array([1, 2, 3])
const secret = () => new Secret<Uint8Array>(new Uint8Array(32).fill(5))

const setUp = () => {
  const { path: folder } = makeWorkspace()
  const options: FileRootKeyOptions = {
    path: join(folder, 'keys', 'root.key'),
    forbiddenFolder: join(folder, 'data'),
    mayCreate: true,
  }
  return { folder, options, counterPath: `${options.path}.counter` }
}

const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('a first start', () => {
  test('makes a root key that only its owner may read, in a folder that only its owner may enter', async (context) => {
    context.skip(!isPosix, 'Windows has no permission bits of this kind')
    const { folder, options, counterPath } = setUp()
    await openFileRootKey(options)
    expect(modeOf(options.path)).toBe(0o600)
    expect(modeOf(counterPath)).toBe(0o600)
    expect(modeOf(join(folder, 'keys'))).toBe(0o700)
  })

  test('leaves nothing else behind', async () => {
    const { folder, options } = setUp()
    await openFileRootKey(options)
    expect(readdirSync(join(folder, 'keys')).toSorted()).toEqual(['root.key', 'root.key.counter'])
  })

  test('writes 32 bytes in base64 below a line that names form and version', async () => {
    const { options } = setUp()
    await openFileRootKey(options)
    const [first, encoded, rest] = readFileSync(options.path, 'latin1').split('\n')
    expect(first).toBe('cardkeep-root-key 1')
    expect(Buffer.from(encoded ?? '', 'base64')).toHaveLength(32)
    expect(rest).toBe('')
  })

  test('by several processes at once makes one root key for all of them', async () => {
    const { options } = setUp()
    const providers = await Promise.all([1, 2, 3, 4].map(() => openFileRootKey(options)))
    const wrapped = await providers[0]?.wrap(secret(), aad)
    for (const provider of providers)
      expect(openSecret(await provider.unwrap(wrapped ?? new Uint8Array(), aad), 'check')).toEqual(
        Buffer.alloc(32, 5),
      )
  })

  test('is not taken for one where the database has keys already', async () => {
    const { folder, options } = setUp()
    await expect(openFileRootKey({ ...options, mayCreate: false })).rejects.toThrow(
      /^The root key .* is missing, and the database holds keys .*: put the file back/,
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('is not taken for one where the counter of an earlier root key stands', async () => {
    const { options } = setUp()
    const provider = await openFileRootKey(options)
    await provider.rememberCounter(3)
    unlinkSync(options.path)
    await expect(openFileRootKey(options)).rejects.toThrow(/is missing, but its counter .* is there/)
  })
})

describe('a root key is refused', () => {
  const refuse = async (spoil: (made: ReturnType<typeof setUp>) => void): Promise<string> => {
    const made = setUp()
    await openFileRootKey(made.options)
    spoil(made)
    return openFileRootKey(made.options).then(
      () => 'opened',
      (error: unknown) => String(error),
    )
  }

  test('with a mode that lets others in', async (context) => {
    context.skip(!isPosix, 'Windows has no permission bits of this kind')
    for (const mode of [0o640, 0o604, 0o660, 0o644, 0o610]) {
      const error = await refuse(({ options }) => chmodSync(options.path, mode))
      expect(error).toMatch(/^KeyError: .*run chmod 600/)
    }
  })

  test('behind a symbolic link', async () => {
    const error = await refuse(({ folder, options }) => {
      renameSync(options.path, join(folder, 'elsewhere'))
      symlinkSync(join(folder, 'elsewhere'), options.path)
    })
    expect(error).toMatch(/^KeyError: .*is a symbolic link/)
  })

  test('behind a symbolic link to nothing', async () => {
    const error = await refuse(({ folder, options }) => {
      unlinkSync(options.path)
      symlinkSync(join(folder, 'nowhere'), options.path)
    })
    expect(error).toMatch(/^KeyError: .*is a symbolic link/)
  })

  test('that is a folder', async () => {
    const error = await refuse(({ options }) => {
      unlinkSync(options.path)
      mkdirSync(options.path)
    })
    expect(error).toMatch(/^KeyError: .*is not a file/)
  })

  const base64 = Buffer.alloc(32, 1).toString('base64')
  test.each([
    ['empty', ''],
    ['one byte short', `cardkeep-root-key 1\n${Buffer.alloc(31, 1).toString('base64')}\n`],
    ['one byte long', `cardkeep-root-key 1\n${Buffer.alloc(33, 1).toString('base64')}\n`],
    ['without its first line', `${base64}\n`],
    ['of another version', `cardkeep-root-key 2\n${base64}\n`],
    ['followed by more', `cardkeep-root-key 1\n${base64}\n${base64}\n`],
    ['with bits that no byte has', `cardkeep-root-key 1\n${base64.slice(0, -2)}F=\n`],
    ['in another spelling', `cardkeep-root-key 1\n${base64.replace('A', '-')}\n`],
    ['very long', `cardkeep-root-key 1\n${base64}\n${' '.repeat(5000)}`],
  ])('that is %s', async (_, text) => {
    const error = await refuse(({ options }) => writeFileSync(options.path, text))
    expect(error).toMatch(/^KeyError: .*has not the form/)
  })

  test('whose error never repeats what the file holds', async () => {
    const error = await refuse(({ options }) =>
      writeFileSync(options.path, `cardkeep-root-key 2\n${base64}\n`),
    )
    expect(error).not.toContain(base64)
  })

  test.each([
    ['in the folder of the database', 'data/root.key'],
    ['below it', 'data/keys/root.key'],
    ['below it, in a folder with dots', 'data/..keys/root.key'],
    ['in it by a way around', 'keys/../data/root.key'],
  ])('that is to be made %s', async (_, path) => {
    const { folder, options } = setUp()
    const refused = openFileRootKey({ ...options, path: `${folder}/${path}` })
    await expect(refused).rejects.toThrow(/stands in the folder of the database, .*: move it elsewhere/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('that a link takes into the folder of the database', async () => {
    const { folder, options } = setUp()
    mkdirSync(join(folder, 'data'))
    symlinkSync(join(folder, 'data'), join(folder, 'keys'))
    await expect(openFileRootKey(options)).rejects.toThrow('stands in the folder of the database')
  })

  test('when the folder of the database is a link to its own', async () => {
    const { folder, options } = setUp()
    mkdirSync(join(folder, 'keys'))
    symlinkSync(join(folder, 'keys'), join(folder, 'data'))
    await expect(openFileRootKey(options)).rejects.toThrow('stands in the folder of the database')
  })

  test('not when its folder only begins with the same letters', async () => {
    const { folder, options } = setUp()
    for (const name of ['data.keys', '..data']) {
      const path = join(folder, name, 'root.key')
      expect((await openFileRootKey({ ...options, path })).describe()).toContain(path)
    }
  })
})

describe('what a root key wraps', () => {
  test('opens with the same associated data, in the next process too', async () => {
    const { options } = setUp()
    const wrapped = await (await openFileRootKey(options)).wrap(secret(), aad)
    const next = await openFileRootKey({ ...options, mayCreate: false })
    expect(openSecret(await next.unwrap(wrapped, aad), 'check')).toEqual(Buffer.alloc(32, 5))
  })

  test('does not open with other associated data, nor with any byte changed or missing', async () => {
    const { options } = setUp()
    const provider = await openFileRootKey(options)
    const wrapped = await provider.wrap(secret(), aad)
    await expect(provider.unwrap(wrapped, aad.subarray(1))).rejects.toThrow('do not open')
    for (let at = 0; at < wrapped.length; at++) {
      await expect(
        provider.unwrap(wrapped.with(at, (wrapped[at] ?? 0) ^ 1), aad),
        `byte ${at}`,
      ).rejects.toThrow(cannotUnwrap)
      await expect(provider.unwrap(wrapped.subarray(0, at), aad), `${at} bytes`).rejects.toThrow(cannotUnwrap)
    }
  })

  test('does not open under another root key', async () => {
    const [one, two] = [await openFileRootKey(setUp().options), await openFileRootKey(setUp().options)]
    await expect(two.unwrap(await one.wrap(secret(), aad), aad)).rejects.toThrow(
      'do not open under this root key',
    )
  })
})

describe('the counter', () => {
  test('begins at 0, and what is remembered is there for the next process', async () => {
    const { options } = setUp()
    const provider = await openFileRootKey(options)
    expect(await provider.rememberedCounter()).toBe(0)
    await provider.rememberCounter(12)
    expect(await (await openFileRootKey(options)).rememberedCounter()).toBe(12)
  })

  test('never goes down', async () => {
    const provider = await openFileRootKey(setUp().options)
    await provider.rememberCounter(12)
    await provider.rememberCounter(11)
    expect(await provider.rememberedCounter()).toBe(12)
  })

  test('leaves no drafts behind', async () => {
    const { folder, options } = setUp()
    const provider = await openFileRootKey(options)
    for (let counter = 1; counter < 5; counter++) await provider.rememberCounter(counter)
    expect(readdirSync(join(folder, 'keys'))).toHaveLength(2)
  })

  test('that is missing beside a root key stops the start', async () => {
    const { options, counterPath } = setUp()
    await openFileRootKey(options)
    unlinkSync(counterPath)
    await expect(openFileRootKey(options)).rejects.toThrow(/^The counter .* is missing beside the root key/)
  })

  test('that is missing counts as 0 for who puts a database back, and is there once that is done and not before', async () => {
    const { options, counterPath } = setUp()
    await openFileRootKey(options)
    unlinkSync(counterPath)
    const provider = await openFileRootKey({ ...options, mayCreate: false, mayCountAnew: true })
    expect(await provider.rememberedCounter()).toBe(0)
    // A restore that was refused lets no vault start of which nobody can tell whether it is the newest.
    await expect(openFileRootKey(options)).rejects.toThrow('is missing beside the root key')
    await provider.rememberCounter(7)
    expect(await (await openFileRootKey(options)).rememberedCounter()).toBe(7)
  })

  test.each([
    '',
    'cardkeep-root-counter 1\n-1\n',
    'cardkeep-root-counter 1\n01\n',
    'cardkeep-root-counter 1\n99999999999999999\n',
    '7\n',
  ])('that reads %j stops the start', async (text) => {
    const { options, counterPath } = setUp()
    await openFileRootKey(options)
    writeFileSync(counterPath, text)
    await expect(openFileRootKey(options)).rejects.toThrow(/^The counter .* has not the form of one/)
  })
})

test('its description names the file and nothing of the key', async () => {
  const { options } = setUp()
  expect((await openFileRootKey(options)).describe()).toBe(`file ${options.path} (AES-256-GCM)`)
})
