import { testCards } from '@cardkeep/testing/canary/cards'
import { addCaptureKey, capturePortsOf, visaCard } from '@cardkeep/testing/doubles/captures'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultPolicies } from '../../codes/policy.ts'
import type { TokenId } from '../../kernel/ids.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { deleteToken } from './delete-token.ts'
import { putCard } from './put-card.ts'
import { updateToken } from './update-token.ts'

/*
 * By which of its tokens a scope knows a number, held against a model: cards come in, tokens get other numbers and are
 * deleted, one after the other or at once, and time moves or does not.
 */

const numbers = [testCards.visa, testCards.mastercard, testCards.amex]

type Step =
  | { readonly type: 'put'; readonly number: number }
  | { readonly type: 'relink'; readonly token: number; readonly number: number }
  | { readonly type: 'delete'; readonly token: number }

const anyNumber = fc.nat({ max: numbers.length - 1 })
const anyToken = fc.nat({ max: 9 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), number: anyNumber }),
  fc.record({ type: fc.constant('relink' as const), token: anyToken, number: anyNumber }),
  fc.record({ type: fc.constant('delete' as const), token: anyToken }),
)

let vault: TestVault
beforeAll(async () => {
  vault = await openTestVault()
})
afterAll(() => vault.close())

let shops = 0

const open = async () => {
  const tenant = await addTenant(vault, `shop ${++shops}`, { deduplicates: true })
  const { seal } = await addCaptureKey(vault, tenant)
  const ports = capturePortsOf(vault)
  const caller = callerOf(tenant)
  const policy = defaultPolicies.verifone
  const ids: TokenId[] = []
  let captures = 0
  // No two captures are alike, so that only numbers say which token it is.
  const sealNumber = (number: number) =>
    seal({ ...visaCard, number: numbers[number] ?? '', name: `Ada ${++captures}` })

  const put = async (number: number): Promise<TokenId> => {
    const wish = { capture: sealNumber(number), wants: 'reuse', until: undefined, policy } as const
    const result = await putCard(ports, caller, { ...wish, scopeId: tenant.defaultScopeId })
    if (!result.ok || result.value.type !== 'token') throw new Error('a test could not put a card')
    const { token, state } = result.value.overview
    expect(state).toBe('active')
    expect(token.mask.last4).toBe(numbers[number]?.slice(-4))
    if (!ids.includes(token.id)) ids.push(token.id)
    return token.id
  }

  const relink = async (tokenId: TokenId, number: number): Promise<void> => {
    await updateToken(ports, caller, {
      ...{ tokenId, capture: sealNumber(number), code: undefined, holderName: undefined, email: undefined },
      ...{ expiryMonth: undefined, expiryYear: undefined, until: undefined, networkToken: undefined, policy },
    })
  }

  /** What the step is about has to be there; there is no token before the first card. */
  const run = async (step: Step): Promise<TokenId | undefined> => {
    if (step.type === 'put') return put(step.number)
    const id = ids[step.token % Math.max(ids.length, 1)]
    if (!id) return undefined
    if (step.type === 'relink') await relink(id, step.number)
    else await deleteToken(vault, caller, id)
    return undefined
  }

  /** The tokens of a number, the oldest first. */
  const tokensOf = async (number: number): Promise<readonly StoredToken[]> => {
    const stored = await Promise.all(ids.map((id) => vault.store.token(id)))
    return stored
      .filter((token) => token?.mask.last4 === numbers[number]?.slice(-4))
      .flatMap((token) => (token && token.status !== 'deleted' ? [token] : []))
      .sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
  }

  const check = async (): Promise<void> => {
    for (const [number] of numbers.entries()) {
      const tokens = await tokensOf(number)
      const unique = tokens.flatMap((token, index) => (token.unique ? [index] : []))
      // The oldest, or none until the next card comes in.
      expect([[], [0]]).toContainEqual(unique)
      expect(new Set(tokens.map(({ fingerprint }) => fingerprint.id)).size).toBeLessThanOrEqual(1)
    }
  }

  return { run, put, tokensOf, check }
}

test('a scope knows a number by the oldest of its tokens, whatever came before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anyStep, fc.boolean()), { maxLength: 14 }), async (steps) => {
      const shop = await open()
      for (const [step, isLater] of steps) {
        if (isLater) vault.clock.advance(1)
        const oldest = step.type === 'put' ? (await shop.tokensOf(step.number))[0]?.id : undefined
        const answer = await shop.run(step)
        if (oldest) expect(answer).toBe(oldest)
        await shop.check()
      }
    }),
    { seed: 11, numRuns: 60 },
  )
}, 120_000)

test('and also where all of that comes at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyStep, { minLength: 2, maxLength: 4 }), { maxLength: 4 }),
      async (rounds) => {
        const shop = await open()
        for (const [number] of numbers.entries()) await shop.put(number)
        for (const steps of rounds) {
          vault.clock.advance(1)
          await Promise.all(steps.map(shop.run))
          await shop.check()
        }
        for (const [number] of numbers.entries()) {
          const oldest = (await shop.tokensOf(number))[0]?.id
          const answer = await shop.put(number)
          if (oldest) expect(answer).toBe(oldest)
        }
      },
    ),
    { seed: 12, numRuns: 30 },
  )
}, 120_000)
