import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import {
  armorOf,
  bytesOf,
  drawPair,
  guardedOf,
  literalOf,
  packetOf,
  sealFor,
  sessionKeyFor,
  zipOf,
} from '@cardkeep/testing/captures/messages'
import {
  createCleartextMessage,
  createMessage,
  type EncryptOptions,
  encrypt,
  enums,
  SymmetricallyEncryptedDataPacket,
  sign,
} from 'openpgp'
import { expect, test } from 'vitest'
import { longestTextBytes, openMessage } from './open-message.ts'
import { readCapturePrivateKey } from './read-private-key.ts'

const pair = await drawPair()
const stranger = await drawPair()
const privateKey = await readCapturePrivateKey(pair.privateKey.armor())

const text = '{"cardNumber":"none","captureTime":"2026-03-01T12:00:00Z"}'

const open = async (ciphertext: string) => {
  const opened = await openMessage(privateKey, ciphertext)
  return opened.ok ? ok(Buffer.from(opened.value).toString()) : opened
}

type Wish = Omit<Partial<EncryptOptions>, 'message' | 'format'>

const encryptFor = async (wish: Wish = {}, plain = text): Promise<string> =>
  String(
    await encrypt({
      message: await createMessage({ text: plain }),
      ...(wish.passwords === undefined ? { encryptionKeys: pair.publicKey } : {}),
      ...wish,
      format: 'armored',
    }),
  )

const { zip, zlib, uncompressed } = enums.compression

test.each<readonly [string, Wish]>([
  ['as the library encrypts by itself', {}],
  ['compressed by zip', { config: { preferredCompressionAlgorithm: zip } }],
  ['compressed by zlib', { config: { preferredCompressionAlgorithm: zlib } }],
  ['compressed by nothing', { config: { preferredCompressionAlgorithm: uncompressed } }],
  ['for a key that is not named', { wildcard: true }],
  ['for others too', { encryptionKeys: [stranger.publicKey, pair.publicKey] }],
  [
    'for others too, none of whom is named',
    { encryptionKeys: [stranger.publicKey, pair.publicKey], wildcard: true },
  ],
  ['for a password too', { passwords: 'a test', encryptionKeys: pair.publicKey }],
  ['and signed by somebody', { signingKeys: stranger.privateKey }],
  [
    'signed and compressed',
    { signingKeys: stranger.privateKey, config: { preferredCompressionAlgorithm: zlib } },
  ],
])('what was encrypted opens: %s', async (_, wish) => {
  expect(await open(await encryptFor(wish))).toEqual(ok(text))
})

const inBase64 = (armored: string): string => Buffer.from(armored).toString('base64')

test.each<readonly [string, (armored: string) => string]>([
  ['in base64', inBase64],
  ['in base64 of wrapped lines', (armored) => inBase64(armored).replace(/.{76}/g, '$&\r\n')],
  ['in base64 that is not filled up', (armored) => inBase64(armored).replace(/=+$/, '')],
  ['as it is', (armored) => armored],
  ['with the line ends of another system', (armored) => inBase64(armored.replaceAll('\n', '\r\n'))],
  ['with a sum, right or wrong', (armored) => inBase64(armored.replace('\n-----END', '\n=abcd\n-----END'))],
  ['with headers', (armored) => inBase64(armored.replace('\n\n', '\nVersion: 1\nComment: of a client\n\n'))],
  [
    'with a header as long as all else',
    (armored) => armored.replace('\n\n', `\nComment: ${'x'.repeat(9_000)}\n\n`),
  ],
  ['with a thousand headers', (armored) => armored.replace('\n\n', `\n${'Comment: x\n'.repeat(1_000)}\n`)],
  ['with white space around it', (armored) => `\n  ${inBase64(armored)}\n`],
])('a message is read %s', async (_, spell) => {
  expect(await open(spell(await encryptFor()))).toEqual(ok(text))
})

test('the text may be as long as the limit, and no byte longer', async () => {
  const most = 'x'.repeat(longestTextBytes)
  expect(await open(await sealFor(pair, literalOf(most)))).toEqual(ok(most))
  expect(await open(await sealFor(pair, literalOf(`${most}x`)))).toEqual(refuse('expands too far'))
  expect(await open(await sealFor(pair, zipOf(literalOf(most))))).toEqual(ok(most))
  expect(await open(await sealFor(pair, zipOf(literalOf(`${most}x`))))).toEqual(refuse('expands too far'))
})

const changed = async (armored: string, at: number): Promise<string> => {
  const bytes = await bytesOf(armored)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 1
  return armorOf(bytes)
}

/** Symmetrically encrypted without a guard: nobody makes it any more but to attack. */
const unguarded = async (): Promise<string> =>
  armorOf(await sessionKeyFor(pair), packetOf(SymmetricallyEncryptedDataPacket.tag, Buffer.alloc(80, 5)))

const bzip2 = Buffer.from([enums.compression.bzip2])
const nothing = Buffer.alloc(60, 1)
const hidden = await sessionKeyFor(stranger, true)

test.each<readonly [string, CaptureFault, () => string | Promise<string>]>([
  ['nothing', 'not a message', () => ''],
  ['a text', 'not a message', () => 'U3dhZ2dlciByb2Nrcw=='],
  ['what is no base64', 'not a message', () => '{"cardNumber":1}'],
  [
    'packets that are not armored',
    'not a message',
    async () => (await bytesOf(await encryptFor())).toString('base64'),
  ],
  ['a public key', 'not a message', () => inBase64(pair.publicKey.armor())],
  [
    'a part of a message',
    'not a message',
    async () => (await encryptFor()).replaceAll('MESSAGE', 'MESSAGE, PART 1/2'),
  ],
  ['the beginning of a message', 'damaged', async () => (await encryptFor()).slice(0, 300)],
  [
    'a message without its last lines',
    'damaged',
    async () => armorOf((await bytesOf(await encryptFor())).subarray(0, -40)),
  ],
  ['lines of hyphens', 'damaged', () => `-----BEGIN PGP MESSAGE-----\n${'-----\n'.repeat(2_000)}`],
  ['a message without packets', 'damaged', () => armorOf(Buffer.from('hello'))],
  ['a session key and nothing under it', 'damaged', async () => armorOf(await sessionKeyFor(pair))],
  [
    'what is encrypted under no session key',
    'damaged',
    async () => armorOf(await guardedOf(literalOf(text))),
  ],
  ['a session key that was changed', 'damaged', async () => changed(await encryptFor(), 80)],
  ['packets that are none', 'damaged', () => sealFor(pair, Buffer.from('hello'))],
  ['no packets', 'damaged', () => sealFor(pair)],
  ['two texts', 'damaged', () => sealFor(pair, literalOf(text), literalOf(text))],
  [
    'a text that says it has 4 GiB',
    'damaged',
    () => sealFor(pair, Buffer.from([0xcb, 0xff, 0xff, 0xff, 0xff, 0xff]), literalOf(text)),
  ],
  [
    'a text whose first part has 1 GiB',
    'damaged',
    () => sealFor(pair, Buffer.from([0xcb, 0xfe]), literalOf(text)),
  ],
  [
    'a message that says it has 1 GiB',
    'damaged',
    async () => armorOf(await sessionKeyFor(pair), Buffer.from([0xd2, 0xfe]), nothing),
  ],
  [
    'what was never compressed',
    'damaged',
    () => sealFor(pair, packetOf(8, Buffer.from([enums.compression.zip]), nothing)),
  ],
  [
    'what was compressed in no known way',
    'damaged',
    () => sealFor(pair, packetOf(8, Buffer.from([99]), nothing)),
  ],
  [
    'a text that was signed only',
    'not encrypted',
    async () => sign({ message: await createMessage({ text }), signingKeys: stranger.privateKey }),
  ],
  [
    'a text that was signed for people to read',
    'not encrypted',
    async () => sign({ message: await createCleartextMessage({ text }), signingKeys: stranger.privateKey }),
  ],
  ['a text and nothing else', 'not encrypted', () => armorOf(literalOf(text))],
  ['a text that is compressed only', 'not encrypted', () => armorOf(zipOf(literalOf(text)))],
  ['a message for a password', 'password only', () => encryptFor({ passwords: 'a test' })],
  [
    'a message for somebody else',
    'for another key',
    () => encryptFor({ encryptionKeys: stranger.publicKey }),
  ],
  [
    'the same without a name',
    'for another key',
    () => encryptFor({ encryptionKeys: stranger.publicKey, wildcard: true }),
  ],
  ['a guarded message that was changed', 'altered', async () => changed(await encryptFor(), -3)],
  ['a message without a guard', 'altered', unguarded],
  ['a bomb', 'expands too far', () => sealFor(pair, zipOf(literalOf(Buffer.alloc(5_000_000))))],
  [
    'a bomb that is not encrypted',
    'expands too far',
    () => armorOf(zipOf(literalOf(Buffer.alloc(5_000_000)))),
  ],
  ['what is compressed twice', 'nested too deep', () => sealFor(pair, zipOf(zipOf(literalOf(text))))],
  ['a message in a message', 'nested too deep', async () => sealFor(pair, await bytesOf(await encryptFor()))],
  [
    'a message for thousands',
    'too large',
    () =>
      armorOf(
        ...Array.from({ length: 700 }, () => packetOf(1, Buffer.from([3, 1, 2, 3, 4, 5, 6, 7, 8, 99]))),
        packetOf(18, nothing),
      ),
  ],
  [
    'a message for nine who are not named',
    'too large',
    () => armorOf(...Array.from({ length: 9 }, () => hidden), packetOf(18, nothing)),
  ],
])('%s is refused: %s', async (_, fault, make) => {
  expect(await open(await make())).toEqual(refuse(fault))
})

test('a broken bzip2 is told from one that expands too far', async () => {
  expect(await open(await sealFor(pair, packetOf(8, bzip2, nothing)))).toEqual(refuse('damaged'))
})
