import type { BankAccount } from '@cardkeep/core/accounts/account'
import { spellAccountMask } from '@cardkeep/core/accounts/mask'
import type { Card, Holder } from '@cardkeep/core/cards/card'
import { spellYear, twoDigits } from '@cardkeep/core/cards/expiry'
import { spellMask } from '@cardkeep/core/cards/mask'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { Principal } from '@cardkeep/core/operations/caller'
import type { TokenizedAccount } from '@cardkeep/core/operations/tokens/tokenize-account'
import type { TokenizedCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Answer } from '@cardkeep/core/ports'
import type { Instrument } from '@cardkeep/core/tokens/instrument'
import { spellPrefixed } from '@cardkeep/core/tokens/spelling'
import type { Reply } from '../../http/route.ts'

/** wire: ozura §tokenize, verified; what a fingerprint is, is inferred */
export const encodeTokenized = (value: TokenizedCard | TokenizedAccount): Reply =>
  'card' in value ? encodeTokenizedCard(value) : encodeTokenizedAccount(value)

const encodeTokenizedCard = ({ token, card, deduplicated, scope, sessionId }: TokenizedCard): Reply => ({
  status: 201,
  body: {
    success: true,
    token: spellPrefixed(token.id),
    data: {
      number: spellMask(token.mask),
      expiration_month: twoDigits(card.expiry.month),
      expiration_year: spellYear(card.expiry),
    },
    mask: { card_number: spellMask(token.mask) },
    ...(sessionId ? { cvc_session_id: sessionId } : {}),
    bin: token.mask.bin,
    ...(scope.deduplicates ? { fingerprint: token.fingerprint.id } : {}),
    deduplicated,
  },
})

/** wire: ozura §bank accounts, inferred from the reply to a card */
const encodeTokenizedAccount = (value: TokenizedAccount): Reply => {
  const { token, routingNumber, accountType, deduplicated, scope } = value
  const masked = spellAccountMask(token.mask)
  return {
    status: 201,
    body: {
      success: true,
      token: spellPrefixed(token.id),
      data: {
        account_number: masked,
        last4: token.mask.last4,
        routing_number: routingNumber,
        ...(accountType ? { account_type: accountType } : {}),
      },
      mask: { account_number: masked },
      ...(scope.deduplicates ? { fingerprint: token.fingerprint.id } : {}),
      deduplicated,
    },
  }
}

export const encodeTestToken = ({ token, sessionId }: TokenizedCard): Reply => ({
  status: 201,
  body: {
    success: true,
    token: spellPrefixed(token.id),
    ...(sessionId ? { cvc_session_id: sessionId } : {}),
    mask: { card_number: spellMask(token.mask) },
    bin: token.mask.bin,
    test_mode: true,
    expires_in: '1 year (test session)',
  },
})

/**
 * The provider's JSON is put into the reply as it came, so that its numbers keep their digits. Its own failures
 * are answers too: they stand in `status_code`, and the reply is a 200. wire: ozura §proxy, the latter inferred
 */
export const encodeAnswer = ({ status, headers, body }: Answer): Reply => {
  const provided = body.type === 'json' ? body.text : JSON.stringify(body.text)
  return {
    status: 200,
    headers: { 'cardkeep-sent': 'yes' },
    body:
      `{"success":true,"proxy_response":{"status_code":${status},` +
      `"headers":${JSON.stringify(headers)},"body":${provided}}}`,
  }
}

/** wire: ozura §detokenize, inferred: named as in the request that made the token */
export const encodeRevealed = (instrument: Instrument): Reply => ({
  status: 200,
  body: {
    success: true,
    data: {
      ...(instrument.type === 'card' ? encodeCard(instrument) : encodeAccount(instrument)),
      ...encodeHolder(instrument.holder),
    },
  },
})

const encodeCard = ({ pan, expiry }: Card): object => ({
  cardNumber: openSecret(pan, 'reveal'),
  expirationMonth: twoDigits(expiry.month),
  expirationYear: spellYear(expiry),
})

const encodeAccount = ({ accountNumber, routingNumber, accountType }: BankAccount): object => ({
  accountNumber: openSecret(accountNumber, 'reveal'),
  routingNumber,
  ...(accountType ? { accountType } : {}),
})

const encodeHolder = (holder: Holder | undefined): object => ({
  ...(holder?.firstName === undefined ? {} : { firstName: holder.firstName }),
  ...(holder?.lastName === undefined ? {} : { lastName: holder.lastName }),
})

export const encodeSessionDeleted = (): Reply => ({
  status: 200,
  body: { success: true, message: 'CVC session deleted!' },
})

/** wire: ozura §application key, verified; that a project is a tenant and an application a credential is inferred */
export const encodeKey = ({ tenant, credentialId, permissions }: Principal): Reply => ({
  status: 200,
  body: {
    success: true,
    message: 'API key is valid',
    data: {
      project_id: tenant.id,
      application_id: credentialId,
      name: tenant.name,
      permissions: {
        tokenization: { allowed: permissions.includes('tokenize') && permissions.includes('forward') },
        // Sub-projects are made on the command line.
        provisioning: { allowed: false },
      },
    },
  },
})
