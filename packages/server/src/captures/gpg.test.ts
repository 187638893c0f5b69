import type { CaptureKeyId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { findGpg, openGpg } from '@cardkeep/testing/servers/gpg'
import { readKey } from 'openpgp'
import { beforeEach, describe, expect, test } from 'vitest'
import { createCapturePrivateSealer } from '../keys/capture-private-sealer.ts'
import { createCaptureKeyMaker } from './capture-key-maker.ts'
import { openMessage } from './open-message.ts'
import { readCapturePrivateKey } from './read-private-key.ts'

// Another program than the one that opens: what both get wrong alike would be seen by neither.
describe('with GnuPG', async () => {
  beforeEach((context) => context.skip(findGpg() === undefined, 'no gpg on this machine'))

  const tenant = { type: 'tenant', id: tenantAt(1) } as const
  const { keyring } = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() }, [
    tenant,
  ])
  const sealer = createCapturePrivateSealer(keyring)
  const place = { id: '000000ca-0000-4000-8000-000000000001' as CaptureKeyId, tenantId: tenantAt(1) }
  const made = await createCaptureKeyMaker(sealer).make(place)
  const armored = openSecret(await sealer.open(place, made.sealedPrivateKey), 'load key')
  const privateKey = await readCapturePrivateKey(armored)
  const fingerprint = (await readKey({ armoredKey: made.publicKey })).getFingerprint()

  const gpg = findGpg() === undefined ? undefined : openGpg()
  const imported = gpg?.run(made.publicKey, '--import')

  const run = async (input: string | Uint8Array, ...options: readonly string[]): Promise<Buffer> => {
    await imported
    if (!gpg) throw new Error('no gpg')
    return (await gpg.run(input, ...options)).out
  }
  const encrypt = async (input: string | Uint8Array, ...options: readonly string[]): Promise<string> =>
    (await run(input, '--armor', '--encrypt', '--recipient', fingerprint, ...options)).toString('base64')

  const open = async (ciphertext: string) => {
    const opened = await openMessage(privateKey, ciphertext)
    return opened.ok ? ok(Buffer.from(opened.value).toString()) : opened
  }

  const text = JSON.stringify({ cardholderName: 'Zoë', padding: ' '.repeat(2_000) }, undefined, 2)

  test('a capture key signs with one half and encrypts with the other, and ends with neither', async () => {
    const columns = (await run('', '--list-keys', '--with-colons', '--fixed-list-mode'))
      .toString()
      .split('\n')
      .map((line) => line.split(':'))
    // Algorithms 19 and 18 are ECDSA and ECDH; the seventh column is empty where a key never ends.
    const halves = columns.filter(([kind]) => kind === 'pub' || kind === 'sub')
    expect(
      halves.map((half) => [half[0], half[3], half[6], half[11]?.replaceAll(/[A-Z]/g, ''), half[16]]),
    ).toEqual([
      ['pub', '19', '', 'sc', 'nistp256'],
      ['sub', '18', '', 'e', 'nistp256'],
    ])
  })

  test('what is encrypted as GnuPG does by itself opens', async () => {
    expect(await open(await encrypt(text))).toEqual(ok(text))
  })

  test.each(['AES', 'AES192', 'AES256', '3DES', 'CAST5'])('what is encrypted by %s opens', async (cipher) => {
    expect(await open(await encrypt(text, '--cipher-algo', cipher))).toEqual(ok(text))
  })

  test.each(['IDEA', 'BLOWFISH', 'TWOFISH', 'CAMELLIA256'])(
    'what is encrypted by %s is refused for its cipher',
    async (cipher) => {
      expect(await open(await encrypt(text, '--cipher-algo', cipher))).toEqual(refuse('cipher not supported'))
    },
  )

  test.each(['none', 'zip', 'zlib', 'bzip2'])('what is compressed by %s opens', async (way) => {
    expect(await open(await encrypt(text, '--compress-algo', way))).toEqual(ok(text))
  })

  test.each(['zip', 'zlib', 'bzip2'])('a bomb that is made by %s is refused', async (way) => {
    const ciphertext = await encrypt(Buffer.alloc(4_000_000), '--compress-algo', way)
    expect(await open(ciphertext)).toEqual(refuse('expands too far'))
  })

  test.each([
    ['without saying for whom', ['--throw-keyids']],
    ['as text', ['--textmode']],
    ['with a file name', ['--set-filename', 'card_encryption']],
    ['with a comment', ['--comment', 'of a client']],
  ])('what is encrypted %s opens', async (_, options) => {
    const opened = await open(await encrypt(text, ...options))
    // As text, lines end as on the wire (RFC 9580, 5.9).
    expect(opened.ok && opened.value.replaceAll('\r\n', '\n')).toBe(text)
  })

  test('what is encrypted without a guard is refused', async () => {
    const options = ['--rfc2440', '--disable-mdc', '--cipher-algo', '3DES']
    expect(await open(await encrypt(text, ...options))).toEqual(refuse('altered'))
  })

  test('what is not encrypted at all is refused', async () => {
    const stored = await run(text, '--armor', '--store')
    expect(await open(stored.toString('base64'))).toEqual(refuse('not encrypted'))
  })
})
