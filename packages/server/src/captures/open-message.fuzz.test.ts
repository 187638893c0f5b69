import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import {
  armorOf,
  bytesOf,
  drawPair,
  guardedOf,
  literalOf,
  packetOf,
  sessionKeyFor,
  zipOf,
} from '@cardkeep/testing/captures/messages'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import fc from 'fast-check'
import { createMessage, type EncryptOptions, encrypt, enums } from 'openpgp'
import { expect, onTestFinished, test } from 'vitest'
import { startCaptureWorker, type WorkerEnd } from './capture-worker.ts'
import { longestTextBytes, openMessage } from './open-message.ts'
import { readCapturePrivateKey } from './read-private-key.ts'
import type { FromWorker } from './worker-messages.ts'

/*
 * Whatever stands in the place of a message is a fault with a name, or opens to what was encrypted. A library reads the packets,
 * so what it throws, and what it takes for something else, is what is looked for here.
 */

const pair = await drawPair()
const stranger = await drawPair()
const privateKey = await readCapturePrivateKey(pair.privateKey.armor())
const text = '{"cardNumber":"none","captureTime":"2026-03-01T12:00:00Z"}'

const faults: Readonly<Record<CaptureFault, true>> = {
  'not a message': true,
  'too large': true,
  damaged: true,
  'not encrypted': true,
  'password only': true,
  'for another key': true,
  'cipher not supported': true,
  altered: true,
  'expands too far': true,
  'nested too deep': true,
  'took too long': true,
  'not an object': true,
  'no capture time': true,
  'capture time not readable': true,
  'too old': true,
  'ahead of time': true,
}

/** What it opens to, or the fault by its name; anything else is an error. */
const open = async (ciphertext: string): Promise<Buffer | CaptureFault> => {
  const opened = await openMessage(privateKey, ciphertext)
  if (opened.ok) return Buffer.from(opened.value)
  expect(faults).toHaveProperty([opened.error])
  return opened.error
}

type Wish = Omit<Partial<EncryptOptions>, 'message' | 'format'>

const encryptFor = async (wish: Wish): Promise<string> => {
  const message = await createMessage({ text })
  return String(await encrypt({ message, encryptionKeys: pair.publicKey, ...wish, format: 'armored' }))
}

const { zip, zlib } = enums.compression
const messages = await Promise.all([
  encryptFor({}),
  encryptFor({ config: { preferredCompressionAlgorithm: zip } }),
  encryptFor({ config: { preferredCompressionAlgorithm: zlib }, signingKeys: stranger.privateKey }),
  encryptFor({ encryptionKeys: [stranger.publicKey, pair.publicKey], wildcard: true }),
  encryptFor({ passwords: 'a test' }),
])
const inBytes = await Promise.all(messages.map(bytesOf))

/** Headers of packets that lie about what follows, and parts of real ones. */
const words = [
  ...[0xc1, 0xc3, 0xc8, 0xcb, 0xd2, 0xd4].flatMap((tag) => [
    Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(tag, 0xe0),
    Uint8Array.of(tag, 0xfe),
    Uint8Array.of(tag, 0x00),
    Uint8Array.of(tag, 0xc0, 0x00),
  ]),
  ...[0x84, 0x85, 0x86, 0x87, 0xa3, 0xaf].map((tag) => Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff)),
  ...inBytes.flatMap((bytes) => [bytes.subarray(0, 12), bytes.subarray(0, 128), bytes.subarray(128)]),
]

const editedBytes = fc
  .tuple(fc.constantFrom(...inBytes), drawEdits(words))
  .map(([bytes, edits]) => armorOf(applyEdits(bytes, edits)))

test('a message whose bytes were edited opens to what was encrypted, or to nothing', async () => {
  await fc.assert(
    fc.asyncProperty(editedBytes, async (armored) => {
      const opened = await open(armored)
      if (typeof opened !== 'string') expect(opened.toString()).toBe(text)
    }),
    runs(600),
  )
})

const marks = ['-----BEGIN PGP MESSAGE-----', '-----END PGP MESSAGE-----', '-----', '\n', '\r\n', '\n\n', '=']
const moreMarks = [
  '=abcd\n',
  'Version: 1\n',
  'Comment',
  ': ',
  '-----BEGIN PGP SIGNED MESSAGE-----',
  '\0',
  'é',
]

test('a message whose text was edited opens to what was encrypted, or to nothing', async () => {
  const edited = fc
    .tuple(fc.constantFrom(...messages), drawEdits([...marks, ...moreMarks]), fc.boolean())
    .map(([armored, edits, isInBase64]) => {
      const bytes = applyEdits(Buffer.from(armored), edits)
      return bytes.toString(isInBase64 ? 'base64' : 'utf8')
    })
  await fc.assert(
    fc.asyncProperty(edited, async (ciphertext) => {
      const opened = await open(ciphertext)
      if (typeof opened !== 'string') expect(opened.toString()).toBe(text)
    }),
    runs(600),
  )
})

const drawPacket = fc.oneof(
  fc.tuple(fc.nat({ max: 63 }), fc.uint8Array({ maxLength: 80 })).map(([tag, body]) => packetOf(tag, body)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(...words).map((bytes) => Buffer.from(bytes)),
  fc.nat({ max: 2_000 }).map((more) => literalOf(Buffer.alloc(longestTextBytes - 1_000 + more))),
  fc.constantFrom(literalOf(text), zipOf(literalOf(text)), zipOf(literalOf(Buffer.alloc(100_000)))),
)

test('packets of any kind are a fault, unless the parts of a message come together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(drawPacket, { maxLength: 8 }), async (packets) => {
      const opened = await open(armorOf(...packets))
      if (typeof opened !== 'string') expect(opened.toString()).toBe(text)
    }),
    runs(800),
  )
})

const sessionKey = await sessionKeyFor(pair)
const inner = [literalOf(text), zipOf(literalOf(text)), zipOf(zipOf(literalOf(text)))]

test('whatever is encrypted for the key, no more comes out than may', async () => {
  const packets = fc.oneof(
    fc.array(drawPacket, { maxLength: 6 }).map((list) => Buffer.concat(list)),
    fc.tuple(fc.constantFrom(...inner), drawEdits(words)).map(([bytes, edits]) => applyEdits(bytes, edits)),
  )
  await fc.assert(
    fc.asyncProperty(packets, async (bytes) => {
      const opened = await open(armorOf(sessionKey, await guardedOf(bytes)))
      if (typeof opened !== 'string') expect(opened.length).toBeLessThanOrEqual(longestTextBytes)
    }),
    runs(600),
  )
})

test('a worker answers each of them in its time, and lives', async () => {
  const waiting: ((said: FromWorker['type'] | WorkerEnd) => void)[] = []
  const worker = startCaptureWorker({
    entry: new URL('./worker.ts', import.meta.url),
    jobMs: 10_000,
    answered: ({ type }) => waiting.shift()?.(type),
    ended: (end) => {
      for (const tell of waiting.splice(0)) tell(end)
    },
  })
  onTestFinished(() => worker.stop())
  worker.give('key', pair.privateKey.armor())
  const send = (ciphertext: string): Promise<FromWorker['type'] | WorkerEnd> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      worker.open('key', ciphertext)
    })
  await fc.assert(
    fc.asyncProperty(editedBytes, async (armored) => {
      expect(await send(armored)).toMatch(/^(?:opened|refused)$/)
    }),
    runs(300),
  )
  expect(await send(messages[0])).toBe('opened')
})
