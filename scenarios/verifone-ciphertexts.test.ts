import { testCards } from '@cardkeep/testing/canary/cards'
import { findGpg } from '@cardkeep/testing/servers/gpg'
import {
  CompressedDataPacket,
  createMessage,
  encrypt,
  enums,
  generateKey,
  PacketList,
  readKey,
  readPrivateKey,
  sign,
} from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Json, Reply } from './support/client.ts'
import { type GpgClient, startGpg } from './support/gpg.ts'
import { countWritten, readLog } from './support/rows.ts'
import { startScenario } from './support/scenario.ts'
import { type CaptureKey, captureText, encryptText, toBase64 } from './support/verifone.ts'
import { faultsOf, namedIn, type OpenedSite, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * What clients encrypt, by two implementations of OpenPGP that share nothing; and what nobody should send, which is
 * refused in words, in time, and without a stop for others.
 */

const scenario = await startScenario()
const { folder } = scenario
let site: OpenedSite
beforeAll(async () => {
  site = await openSite(scenario)
})
afterEach(() => expect(readLog({ folder }, 'request.bug')).toEqual([]))

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033, name: 'Jane Holder' }
const told = { last_four: '4242', expiry_month: 4, expiry_year: 2033, card_holder_name: 'Jane Holder' }

const put = async (encrypted_card: string): Promise<Reply> => site.put(card, { encrypted_card })

/** Refused for its ciphertext, in words that come back, and nothing is written. */
const expectRefused = async (encrypted_card: string): Promise<string> => {
  const before = countWritten(scenario)
  const since = performance.now()
  const reply = await put(encrypted_card)
  expect([reply.status, namedIn(reply)]).toEqual([400, ['body.encrypted_card']])
  // Two of a test's cores are busy.
  expect(performance.now() - since).toBeLessThan(10_000)
  expect(countWritten(scenario)).toEqual(before)
  const why = faultsOf(reply)['body.encrypted_card'] ?? ''
  expect(why).toMatch(/^\S+( \S+)+$/)
  // Neither what was sent nor what a library said of it.
  expect(why).not.toMatch(/\d{6}|Jane|Error|openpgp/)
  return why
}

const minutes = (count: number, seconds = 0): Date => new Date(Date.now() + count * 60_000 + seconds * 1_000)

/** A message of packets that no client makes. */
const encryptPackets = async ({ armored }: CaptureKey, packets: PacketList<never>): Promise<string> => {
  const message = await createMessage({ text: '' })
  Object.assign(message, { packets })
  return toBase64(await encrypt({ message, encryptionKeys: await readKey({ armoredKey: armored }) }))
}

const compressed = (packets: unknown): PacketList<never> => {
  const packet = new CompressedDataPacket()
  Object.assign(packet, { algorithm: enums.compression.zlib, packets })
  return Object.assign(new PacketList(), { 0: packet, length: 1 }) as unknown as PacketList<never>
}

const literalOf = async (text: string): Promise<unknown> => (await createMessage({ text })).packets

describe('a message is taken', () => {
  test('wrapped, armored as it is, and with white space about it', async () => {
    const base64 = await site.encrypt(card)
    const armored = Buffer.from(base64, 'base64').toString()
    const spellings = [
      base64,
      base64.replaceAll(/.{76}/g, '$&\n'),
      base64.replaceAll(/.{64}/g, '$&\r\n'),
      armored,
      armored.replaceAll('\r\n', '\n'),
      armored.replaceAll(/\r?\n/g, '\r\n'),
      `\n${armored}\n`,
    ]
    const replies = []
    for (const spelling of spellings) replies.push(await put(spelling))
    expect(replies.map(({ status }) => status)).toEqual(spellings.map(() => 200))
    // They are one capture.
    expect(new Set(replies.map(({ body }) => body['reuse_token'])).size).toBe(1)
  })

  test('with its plaintext in any order and any white space', async () => {
    const { captureTime, ...rest } = JSON.parse(captureText(card)) as Json
    for (const text of [
      JSON.stringify({ captureTime, ...rest }),
      JSON.stringify({ ...rest, captureTime }, null, 4),
      JSON.stringify(rest, null, '\t').replace(
        /\n\}$/,
        `,\r\n\t"captureTime" : "${String(captureTime)}"\n}\n`,
      ),
      ` ${JSON.stringify({ ...rest, captureTime })} `,
    ])
      expect(await put(await encryptText(site.key, text))).toMatchObject({ status: 200, body: told })
  })

  test.each([
    ['with an offset', (at: Date) => at.toISOString().replace('Z', '+00:00')],
    [
      'from another time zone',
      (at: Date) => new Date(at.getTime() + 7_200_000).toISOString().replace('Z', '+02:00'),
    ],
    ['without fractions', (at: Date) => at.toISOString().replace(/\.\d+/, '')],
    ['with nine digits of them', (at: Date) => at.toISOString().replace('Z', '000000Z')],
  ] as const)('with a time %s', async (_, spell) => {
    expect(await site.put({ ...card, at: spell(minutes(-1)) })).toMatchObject({ status: 200 })
  })

  test('shortly before its time is over, and from a clock that is a little ahead', async () => {
    for (const at of [minutes(-14, -40), minutes(1, 40)])
      expect(await site.put({ ...card, at })).toMatchObject({ status: 200, body: told })
  })
})

describe('a time of capture is refused', () => {
  test.each<readonly [string, () => Date | string | null]>([
    ['that is missing', () => null],
    ['that is over by a second', () => minutes(-15, -1)],
    ['of yesterday', () => minutes(-24 * 60)],
    ['that is ahead by more than a clock may be', () => minutes(2, 10)],
    ['that is years ahead', () => '2099-01-01T00:00:00Z'],
    ['that is garbage', () => 'yesterday'],
    ['that is empty', () => ''],
    ['without a zone', () => minutes(0).toISOString().slice(0, 19)],
    ['that is a date', () => minutes(0).toISOString().slice(0, 10)],
    ['that never was', () => '2026-02-30T12:00:00Z'],
    ['that is a count of seconds', () => String(Math.floor(Date.now() / 1_000))],
  ])('%s', async (_, at) => {
    const why = await expectRefused(await site.encrypt({ ...card, month: 4, year: 2033, at: at() }))
    expect(why).toMatch(/time|minutes|future/i)
  })
})

describe('a ciphertext is refused', () => {
  test('for another key, in other words than one that was altered', async () => {
    const stranger = await generateKey({
      type: 'ecc',
      curve: 'nistP256',
      userIDs: [{ name: 'stranger' }],
    })
    const foreign = await encryptText({ alias: '', armored: stranger.publicKey }, captureText(card))
    const altered = await alter(await site.encrypt(card))
    expect(await expectRefused(foreign)).not.toBe(await expectRefused(altered))
  })

  test('that was cut off, at any place', async () => {
    const armored = Buffer.from(await site.encrypt(card), 'base64').toString()
    for (const length of [0.2, 0.5, 0.9].map((part) => Math.floor(armored.length * part)))
      await expectRefused(toBase64(armored.slice(0, length)))
  })

  test('that is changed anywhere', async () => {
    const base64 = await site.encrypt(card)
    const armored = Buffer.from(base64, 'base64').toString()
    const [head = '', ...rest] = armored.split(/\r?\n\r?\n/)
    const body = rest.join('\n\n')
    for (let at = 5; at < body.length - 60; at += 61) {
      const by = body[at] === 'A' ? 'B' : 'A'
      const changed = `${head}\n\n${body.slice(0, at)}${body[at] === '\n' ? '\n' : by}${body.slice(at + 1)}`
      if (body[at] === '\n' || body[at] === '\r') continue
      await expectRefused(toBase64(changed))
    }
  })

  test('that nobody encrypted, or that is no message', async () => {
    const { privateKey } = await generateKey({
      type: 'ecc',
      curve: 'nistP256',
      userIDs: [{ name: 'signer' }],
    })
    const text = captureText(card)
    const signingKeys = await readPrivateKey({ armoredKey: privateKey })
    const signed = toBase64(await sign({ message: await createMessage({ text }), signingKeys }))
    const plain = toBase64((await createMessage({ text })).armor())
    const withPassword = toBase64(
      await encrypt({ message: await createMessage({ text }), passwords: ['open'] }),
    )
    const ownKey = toBase64(site.key.armored)
    const words = []
    for (const ciphertext of [
      signed,
      plain,
      withPassword,
      ownKey,
      toBase64('Swagger rocks'),
      toBase64(text),
      text,
    ])
      words.push(await expectRefused(ciphertext))
    const [ofSigned, ofPlain, ofPassword] = words
    expect(ofPlain).toBe(ofSigned)
    expect(ofPassword).not.toBe(ofSigned)
  })

  test('of anything but a JSON object', async () => {
    for (const text of ['', 'null', '[]', '"x"', '5', 'no JSON', `${captureText(card)}{}`, '[{}]', '\u0000'])
      await expectRefused(await encryptText(site.key, text))
  })

  test('of a text that is longer than any card', async () => {
    const padded = (length: number): string =>
      JSON.stringify({ ...(JSON.parse(captureText(card)) as Json), more: 'x'.repeat(length) })
    for (const length of [9_000, 14_000, 25_000])
      await expectRefused(await encryptText(site.key, padded(length)))
    expect(await put(await encryptText(site.key, padded(1_000)))).toMatchObject({ status: 200, body: told })
    await expectRefused('A'.repeat(60_000))
    const whole = await put('A'.repeat(100_000))
    expect([whole.status, namedIn(whole)]).toEqual([413, ['body']])
  })

  test('that unpacks into far more than it is, or into another, again and again', async () => {
    await expectRefused(await encryptPackets(site.key, compressed(await literalOf(' '.repeat(8_000_000)))))
    let packets: unknown = await literalOf(captureText(card))
    for (let depth = 0; depth < 40; depth++) packets = compressed(packets)
    await expectRefused(await encryptPackets(site.key, packets as PacketList<never>))
  })

  test('and others are answered meanwhile', async () => {
    const bomb = await encryptPackets(site.key, compressed(await literalOf(' '.repeat(8_000_000))))
    const token = await site.bring(card)
    const bombing = Promise.all(Array.from({ length: 12 }, () => put(bomb)))
    const waits: number[] = []
    for (let ask = 0; ask < 20; ask++) {
      const since = performance.now()
      expect((await site.get(token)).status).toBe(200)
      waits.push(performance.now() - since)
    }
    expect(await put(await site.encrypt(card))).toMatchObject({ status: 200, body: told })
    for (const reply of await bombing) expect([400, 503]).toContain(reply.status)
    expect(waits.toSorted((a, b) => a - b)[10]).toBeLessThan(500)
    // What was bombed works on.
    expect(await put(await site.encrypt(card))).toMatchObject({ status: 200, body: told })
  })
})

describe('GnuPG', () => {
  beforeEach((context) => context.skip(findGpg() === undefined, 'no gpg on this machine'))
  let started: GpgClient | undefined
  const client = (): GpgClient => (started ??= startGpg())

  test.each<readonly [string, readonly string[]]>([
    ['as it does by itself', []],
    ['with AES-128', ['--cipher-algo', 'AES']],
    ['with AES-192', ['--cipher-algo', 'AES192']],
    ['with AES-256', ['--cipher-algo', 'AES256']],
    ['without compression', ['--compress-algo', 'none']],
    ['with zip', ['--compress-algo', 'zip']],
    ['with zlib', ['--compress-algo', 'zlib']],
    ['with text mode', ['--textmode']],
    ['with the name of a file', ['--set-filename', 'card_encryption']],
    ['without a hint at the key', ['--throw-keyids']],
  ])('encrypts what is taken, %s', async (_, words) => {
    for (const writtenBy of ['browser', 'android', 'ios'] as const) {
      const reply = await put(await client().encrypt(site.key, captureText({ ...card, writtenBy }), words))
      expect(reply).toMatchObject({ status: 200, body: told })
    }
  })

  test('encrypts with IDEA, as a published client does, and that is refused', async () => {
    const why = await expectRefused(
      await client().encrypt(site.key, captureText(card), ['--cipher-algo', 'IDEA']),
    )
    expect(why).toMatch(/IDEA|cipher/)
  })

  test('makes what nobody can open here, and that is refused', async () => {
    await expectRefused(await client().store(captureText(card)))
  })

  test.each(['zlib', 'zip', 'bzip2'])('packs a bomb with %s, and that is refused', async (algorithm) => {
    const words = ['--compress-algo', algorithm, '-z', '9']
    await expectRefused(await client().encrypt(site.key, Buffer.alloc(5_000_000, 0x20), words))
  })
})

/** Changes one bit of what is encrypted. */
const alter = async (base64: string): Promise<string> => {
  const armored = Buffer.from(base64, 'base64').toString()
  const [, head = '', body = '', tail = ''] =
    /^([\s\S]*?\n\r?\n)([\s\S]*?)(\n(?:=[\s\S]*|-----END[\s\S]*))$/.exec(armored) ?? []
  const bytes = Buffer.from(body, 'base64')
  const at = bytes.length - 30
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return toBase64(
    `${head}${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}${tail.replace(/\n=.{4}/, '')}`,
  )
}
