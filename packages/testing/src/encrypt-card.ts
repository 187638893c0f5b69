import { text } from 'node:stream/consumers'
import { type CardToEncrypt, encryptCard } from '@cardkeep/elements/encrypt-card'

/*
 * `npm run -s encrypt-card -- PUBLIC_KEY`: encrypts a card as a shop's page does, for whoever tries the vault from a shell.
 * It talks to nobody. The card is JSON on standard input, and what is printed goes into a request as `encrypted_card`;
 * neither stands on a command line, which others on the machine can read.
 */

const [publicKey = ''] = process.argv.slice(2)
const card = JSON.parse(await text(process.stdin)) as CardToEncrypt
process.stdout.write(`${await encryptCard(card, publicKey)}\n`)
