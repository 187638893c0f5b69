import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { findProgram } from '@cardkeep/testing/servers/programs'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import * as openpgp from 'openpgp'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEncryption } from './encryption.ts'
import type { CardToEncrypt } from './public.ts'

const now = Date.parse('2026-03-04T05:06:07Z')
const card = { cardNumber: testCards.visa, expiryMonth: '12', expiryYear: '30', cvv: '737' }
const plaintext = JSON.stringify({ ...card, captureTime: '2026-03-04T05:06:07Z' })

const { publicKey, privateKey } = await openpgp.generateKey({
  curve: 'nistP256',
  userIDs: [{ name: 'shop' }],
  date: new Date(now - 60_000),
})
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const wrapped = (text: string): string => base64(text).replace(/.{76}/g, '$&\r\n')

const createOne = () => {
  const loadLibrary = vi.fn(async () => openpgp)
  return { loadLibrary, ...createEncryption({ loadLibrary, now: () => now }) }
}

const messageIn = (encrypted: string): string => Buffer.from(encrypted, 'base64').toString()

const decrypt = async (encrypted: string, armoredKey = privateKey): Promise<string> => {
  const { data } = await openpgp.decrypt({
    message: await openpgp.readMessage({ armoredMessage: messageIn(encrypted) }),
    decryptionKeys: await openpgp.readPrivateKey({ armoredKey }),
  })
  return String(data)
}

/** The packets of a message, without and within. */
const look = async (encrypted: string, armoredKey = privateKey) => {
  const read = () => openpgp.readMessage({ armoredMessage: messageIn(encrypted) })
  const decryptionKeys = await openpgp.readPrivateKey({ armoredKey })
  const outer = await read()
  const [sessionKey] = await openpgp.decryptSessionKeys({ message: await read(), decryptionKeys })
  const { packets } = await (await read()).decrypt([decryptionKeys])
  const [literal] = packets
  return {
    outer: outer.packets.map((packet) => [packet.constructor.name, 'version' in packet && packet.version]),
    cipher: sessionKey?.algorithm,
    inner: packets.map((packet) => packet.constructor.name),
    filename: Reflect.get(literal ?? {}, 'filename') as unknown,
  }
}

test.each([
  ['the base64 of the armored key', base64(publicKey)],
  ['base64 in lines', `${wrapped(publicKey)}\n`],
  ['the armored key', publicKey],
])('a card is encrypted for %s', async (_how, key) => {
  expect(await decrypt(await createOne().encryptCard(card, key))).toBe(plaintext)
})

test('the details are the encrypted card and the time in it, and nothing of the card', async () => {
  const details = await createOne().getEncryptedCardDetails(card, base64(publicKey))
  expect(details).toEqual({
    encryptedCard: expect.any(String),
    captureTime: '2026-03-04T05:06:07Z',
  })
  expect(await decrypt(details.encryptedCard)).toBe(plaintext)
})

test('it is one line of base64 of an armored message, as the published clients make it', async () => {
  const encrypted = await createOne().encryptCard(card, base64(publicKey))
  expect(encrypted).toMatch(/^LS0tLS1CRUdJTiBQR1Ag[A-Za-z\d+/]+={0,2}$/)
  expect(messageIn(encrypted)).toMatch(
    /^-----BEGIN PGP MESSAGE-----\n\n[A-Za-z\d+/=\n]+-----END PGP MESSAGE-----\n$/,
  )
})

test('a session key, AES-256 with a checksum of the first version, and a bare literal: nothing signed or compressed', async () => {
  expect(await look(await createOne().encryptCard(card, base64(publicKey)))).toEqual({
    outer: [
      ['PublicKeyEncryptedSessionKeyPacket', 3],
      ['SymEncryptedIntegrityProtectedDataPacket', 1],
    ],
    cipher: 'aes256',
    inner: ['LiteralDataPacket'],
    filename: '',
  })
})

test('a page that has set its library to compress gets none of that', async () => {
  const { config, enums } = openpgp
  const before = { ...config }
  onTestFinished(() => void Object.assign(config, before))
  config.preferredCompressionAlgorithm = enums.compression.zlib
  config.preferredSymmetricAlgorithm = enums.symmetric.aes128
  const key = await openpgp.generateKey({
    curve: 'nistP256',
    userIDs: [{ name: 'shop' }],
    date: new Date(now - 60_000),
  })
  const encrypted = await createOne().encryptCard(card, key.publicKey)
  expect(await look(encrypted, key.privateKey)).toMatchObject({
    cipher: 'aes256',
    inner: ['LiteralDataPacket'],
  })
})

test('a customer whose clock is behind can use a key that was made just now', async () => {
  const young = await openpgp.generateKey({
    curve: 'nistP256',
    userIDs: [{ name: 'shop' }],
    date: new Date(now + 300_000),
  })
  const encrypted = await createOne().encryptCard(card, base64(young.publicKey))
  expect(await decrypt(encrypted, young.privateKey)).toBe(plaintext)
})

const expired = await openpgp.generateKey({
  curve: 'nistP256',
  userIDs: [{ name: 'shop' }],
  date: new Date(now - 100_000),
  keyExpirationTime: 50,
})
const forSigning = await openpgp.generateKey({
  curve: 'nistP256',
  userIDs: [{ name: 'shop' }],
  date: new Date(now - 60_000),
  subkeys: [],
})
const notAKey = /must be the public_key of a capture key/
test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, notAKey],
  ['an empty text', '', notAKey],
  ['what is no base64', 'not a key!', notAKey],
  ['base64 of something else', base64('something else'), notAKey],
  ['a damaged key', base64(publicKey.replace(/\n[A-Za-z\d]{8}/, '\nAAAAAAAA')), notAKey],
  ['a private key', base64(privateKey), /private key, which belongs into no page/],
  ['a private key, armored', privateKey, /private key, which belongs into no page/],
  ['an expired key', base64(expired.publicKey), /has expired, was revoked, or cannot encrypt/],
  ['a key that only signs', base64(forSigning.publicKey), /has expired, was revoked, or cannot encrypt/],
])('%s in the place of a public key is refused by a TypeError', async (_what, key, says) => {
  const { encryptCard } = createOne()
  const failure = await encryptCard(card, key as string).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(TypeError)
  expect((failure as Error).message).toMatch(says)
})

test('the library is asked for when there is a card to encrypt, and for nothing less', async () => {
  const { encryptCard, loadLibrary } = createOne()
  await expect(encryptCard({ cvv: 'x' }, base64(publicKey))).rejects.toThrow(TypeError)
  await expect(encryptCard(card, 'x')).rejects.toThrow(TypeError)
  expect(loadLibrary).not.toHaveBeenCalled()
  await encryptCard(card, base64(publicKey))
  expect(loadLibrary).toHaveBeenCalledOnce()
})

test('what the library says when it fails goes nowhere: it may quote the card', async () => {
  const loadLibrary = async () =>
    ({ ...openpgp, encrypt: () => Promise.reject(new Error(plaintext)) }) as unknown as typeof openpgp
  const { encryptCard } = createEncryption({ loadLibrary, now: () => now })
  const failure = (await encryptCard(card, publicKey).catch((error: unknown) => error)) as Error
  expect(failure.message).toBe('Cardkeep encryptCard: this browser could not encrypt the card')
  expect(failure.cause).toBeUndefined()
})

test('a browser without its cryptography is told where it has some', async () => {
  vi.stubGlobal('crypto', {})
  try {
    await expect(createOne().encryptCard(card, publicKey)).rejects.toThrow('encrypts on https pages only')
  } finally {
    vi.unstubAllGlobals()
  }
})

test('the package that Node and bundlers take encrypts as well, with the time of its own', async () => {
  const { encryptCard } = await import('@cardkeep/elements/encrypt-card')
  const opened = JSON.parse(await decrypt(await encryptCard(card, base64(publicKey)))) as CardToEncrypt
  const { captureTime = '', ...rest } = opened
  expect(rest).toEqual(card)
  expect(captureTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(Math.abs(Date.parse(String(captureTime)) - Date.now())).toBeLessThan(60_000)
})

const [gpgProgram, agentProgram] = [findProgram('gpg'), findProgram('gpgconf')]

test('gpg opens it, and finds AES-256 with its checksum and no compression', async (context) => {
  if (gpgProgram === undefined || agentProgram === undefined)
    return context.skip(true, 'this machine has no GnuPG')
  const home = join(makeWorkspace().path, 'gnupg')
  mkdirSync(home, { mode: 0o700 })
  onTestFinished(() => void spawnSync(agentProgram, ['--homedir', home, '--kill', 'all']))
  const gpg = (words: readonly string[], input: string) =>
    spawnSync(gpgProgram, ['--homedir', home, '--batch', ...words], {
      input,
      encoding: 'utf8',
      timeout: 15_000,
    })
  expect(gpg(['--import'], privateKey).status).toBe(0)
  const message = messageIn(await createOne().encryptCard(card, base64(publicKey)))
  const opened = gpg(['--status-fd', '2', '--decrypt'], message)
  expect(opened.stdout === plaintext).toBe(true)
  // 2: a checksum of the first version; 9: AES-256.
  expect(opened.stderr).toContain('[GNUPG:] DECRYPTION_INFO 2 9')
  expect(opened.stderr).toContain('[GNUPG:] GOODMDC')
  const packets = [...gpg(['--list-packets'], message).stdout.matchAll(/^:(\w+)/gm)].map(([, name]) => name)
  expect(packets).toEqual(['pubkey', 'encrypted', 'literal'])
})
