import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCards } from '../canary/cards.ts'
import { startProvider } from '../provider/provider.ts'
import { runCommand, startVault } from '../vault-process.ts'
import { createStory } from './story.ts'

/*
 * The vault's main job, from the first command to the last, against a provider with TLS and an authority of its own.
 * Everything runs in processes and folders of this demo and is gone afterwards.
 */

const folder = mkdtempSync(join(tmpdir(), 'cardkeep-demo-'))
const options = { folder, demo: true, settings: { CARDKEEP_LOG: 'info' } }
const provider = await startProvider()
const vault = await startVault(options)
const story = createStory(vault.url, vault.printed['CARDKEEP_API_KEY'] ?? '')

try {
  story.title('Cardkeep keeps the card and forgets the code')
  story.tell(`The vault listens on ${vault.url}, the provider on ${provider.origin}.`)

  story.step('An operator allows the provider for the tenant `demo`')
  const authority = join(folder, 'provider-ca.pem')
  writeFileSync(authority, provider.caPem)
  const destination = ['--origin', provider.origin, '--path', '/v1', '--method', 'POST']
  await runCommand(
    options,
    'destination',
    'allow',
    '--tenant',
    'demo',
    ...destination,
    '--ca',
    authority,
    '--private',
  )
  story.tell(`POST ${provider.origin}/v1/… is allowed, and nothing else.`)

  story.step('A card comes with its code: the token is kept, the code is held')
  const card = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030' }
  const tokenized = await story.call('POST', '/tokenize', { type: 'card', data: { ...card, cvv: '123' } })

  story.step('A charge goes through the proxy; the caller sees neither card nor code')
  const charge = {
    token: tokenized['token'],
    cvc_session_id: tokenized['cvc_session_id'],
    proxy_url: `${provider.origin}/v1/charges`,
    request_data: {
      amount: 1999,
      currency: 'EUR',
      card: {
        number: '${cardNumber}',
        exp_month: '${expirationMonth}',
        exp_year: '${expirationYear}',
        cvc: '${cvv}',
      },
    },
  }
  await story.call('POST', '/proxy/transaction', charge)
  story.tell('The provider received:', provider.requests.at(-1))

  story.step('The code is gone: a second charge with it is refused before anything is sent')
  await story.call('POST', '/proxy/transaction', charge)

  story.step('Without the code the token goes on working, as for a subscription')
  const { cvc: _code, ...cardOnly } = charge.request_data.card
  const { cvc_session_id: _session, ...recurring } = charge
  await story.call('POST', '/proxy/transaction', {
    ...recurring,
    request_data: { ...charge.request_data, card: cardOnly },
  })

  story.step('A test token keeps its code: it is charged twice')
  const test = await story.call('POST', '/test-tokens', { ...card, cvc: '123' })
  const again = { ...charge, token: test['token'], cvc_session_id: test['cvc_session_id'] }
  await story.call('POST', '/proxy/transaction', again)
  await story.call('POST', '/proxy/transaction', again)

  story.step('Its session is deleted, and then that code is gone too')
  await story.call('DELETE', `/proxy/delete-cvc-session/${String(test['cvc_session_id'])}`)
  await story.call('POST', '/proxy/transaction', again)

  story.step('The audit log proves itself')
  story.tell('cardkeep audit verify', await runCommand(options, 'audit', 'verify'))
} finally {
  await vault.stop()
  await provider.close()
  rmSync(folder, { recursive: true })
}
