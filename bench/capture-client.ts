import { parentPort } from 'node:worker_threads'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { createMessage, encrypt, readKey } from 'openpgp'
import type { Encryption } from './capture-clients.ts'

/* Encrypts cards as a client of the vault does: JSON in an OpenPGP message, armored, in base64. */

const encryptOne = async (card: number, encryptionKeys: Awaited<ReturnType<typeof readKey>>) => {
  const text = JSON.stringify({
    cardNumber: loadCard(card),
    expiryMonth: '12',
    expiryYear: '2030',
    cvv: '123',
    captureTime: new Date().toISOString(),
  })
  const message = await createMessage({ text })
  return Buffer.from(await encrypt({ message, encryptionKeys })).toString('base64')
}

parentPort?.on('message', ({ publicKey, first, count }: Encryption) => {
  void (async () => {
    const key = await readKey({ armoredKey: Buffer.from(publicKey, 'base64').toString() })
    const made: string[] = []
    for (let at = 0; at < count; at++) made.push(await encryptOne(first + at, key))
    parentPort?.postMessage(made)
  })()
})
