import { answer } from '@cardkeep/testing/provider/behaviours'
import { readCharge } from '@cardkeep/testing/provider/charges'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { expect } from 'vitest'
import { cleanUp } from '../../scenarios/support/clean-up.ts'
import type { WebVault } from './vault.ts'

export interface ChargedCard {
  readonly number: string
  readonly code: string | undefined
}

/** A provider that takes every charge. */
export interface Till {
  readonly provider: Provider
  /** Charges a token as the vault's merchant does, and answers what the provider was sent of the card. */
  readonly charge: (vault: Pick<WebVault, 'merchant'>, token: string) => Promise<ChargedCard | undefined>
}

export const startTill = async (): Promise<Till> => {
  const charged: ChargedCard[] = []
  const provider = await startProvider({
    answers: {
      '/charges': ({ headers, body }, response) => {
        const { card } = readCharge(headers['content-type'] ?? '', body.toString())
        if (card) charged.push({ number: card.number, code: card.code })
        answer(response, 200, 'application/json', '{}')
      },
    },
  })
  cleanUp(() => provider.close())
  return {
    provider,
    charge: async ({ merchant }, token) => {
      const reply = await merchant.charge({ token, url: `${provider.origin}/charges` })
      expect([reply.status, reply.sent]).toEqual([200, 'yes'])
      return charged.at(-1)
    },
  }
}
