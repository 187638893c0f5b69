import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  account,
  callerForAccount,
  type IssuingBench,
  issueCard,
  noUpdate,
  openIssuingBench,
} from '@cardkeep/testing/doubles/issued-card'
import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { callerOf } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import type { IssuerSettings } from '../../issuing/issuer.ts'
import { drawableServiceCodes, type ServiceCode } from '../../issuing/service-code.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { dayMs, hourMs, minuteMs } from '../../kernel/time.ts'
import type { CvvDeriver, PendingTries } from '../../ports.ts'
import { deriveCvvs } from './derive-cvvs.ts'
import { resetCvvTries } from './reset-cvv-tries.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { showPciInfo } from './show-pci-info.ts'
import { updateIssuedCard } from './update-issued-card.ts'
import { type VerifyCvv, verifyCvv } from './verify-cvv.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (settings: Partial<IssuerSettings> = {}) => {
  const bench = await openIssuingBench(settings)
  opened.push(bench)
  const { card } = await issueCard(bench)
  bench.commits.splice(0)
  return { ...bench, card, cardId: card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const cvvOf = async ({ vault, caller, cardId }: Bench): Promise<string> => {
  const info = await showPciInfo(vault, caller, cardId)
  if (!info.ok) throw new Error(info.error.type)
  return openSecret(info.value.cvv, 'reveal')
}

/** One of the 999 that it is not. */
const wrongFor = (cvv: string, each = 0): string => String((Number(cvv) + 1 + each) % 1_000).padStart(3, '0')

const verify = ({ vault, issuerCaller, cardId }: Bench, cvv: string, parts: Partial<VerifyCvv> = {}) =>
  verifyCvv(vault, issuerCaller, { cardId, cvv: new Secret(cvv), expiry: undefined, ...parts })

const rotate = async ({ vault, caller, cardId }: Bench): Promise<void> => {
  const rotated = await rotateCvv(vault, caller, { cardId, serviceCode: undefined })
  if (!rotated.ok) throw new Error(rotated.error.type)
}

/** A store that can be read and, while the outage is on, not written; and how often a CVV was derived. */
const breaking = (bench: Bench) => {
  const outage = { isOn: false, derived: 0 }
  const store = interceptCommits(bench.vault.store, async (_, commit) => {
    if (outage.isOn) throw new UnavailableError('disk full')
    return commit()
  })
  const cvvs: CvvDeriver = {
    ...bench.vault.cvvs,
    derive: (issuer, inputs) => {
      outage.derived++
      return bench.vault.cvvs.derive(issuer, inputs)
    },
  }
  return { outage, broken: { ...bench, vault: { ...bench.vault, store, cvvs } } }
}

const rotateTo = ({ vault, caller, cardId }: Bench, serviceCode: ServiceCode) =>
  rotateCvv(vault, caller, { cardId, serviceCode })

/** The service code that the card has, others that yield its CVV, and one that does not. */
const alikeCodes = async ({ vault, issuer, card }: Bench) => {
  const stored = await vault.store.issuedCard(card.id)
  if (!stored) throw new Error('no card')
  const pan = await vault.issuedCards.openNumber(card, card.sealedNumber)
  const has = await vault.issuedCards.openServiceCode(card, stored.rotation.sealedServiceCode)
  const sources = [has, ...drawableServiceCodes].map((serviceCode) => ({ card, pan, serviceCode }))
  const derived = (await deriveCvvs(vault.cvvs, issuer, sources)).map(({ of, cvv }) => ({
    ...{ code: of.serviceCode, text: openSecret(of.serviceCode, 'check'), cvv: openSecret(cvv, 'check') },
  }))
  const [own, ...others] = derived
  const other = others.find(({ cvv }) => cvv !== own?.cvv)
  if (!own || !other) throw new Error('no service code yields another CVV')
  const alike = others.filter(({ cvv, text }) => cvv === own.cvv && text !== own.text)
  return { card: own.code, cvv: own.cvv, alike: alike.map(({ code }) => code), other: other.code }
}

/** Wrong tries, one after the other. */
const guess = async (bench: Bench, count: number) => {
  const cvv = await cvvOf(bench)
  const verdicts = []
  for (let each = 0; each < count; each++) verdicts.push(await verify(bench, wrongFor(cvv, each)))
  return verdicts
}

const yes = { ok: true, value: { isValid: true, isLocked: false } }
const no = { ok: true, value: { isValid: false, isLocked: false } }
const locked = { ok: true, value: { isValid: false, isLocked: true } }

test('the CVV is right, and any other wrong', async () => {
  const bench = await open()
  const cvv = await cvvOf(bench)
  expect(await verify(bench, cvv)).toEqual(yes)
  expect(await verify(bench, wrongFor(cvv))).toEqual(no)
  expect(await verify({ ...bench, issuerCaller: bench.caller }, cvv)).toEqual(yes)
})

test('the CVV before a rotation fails at once', async () => {
  const bench = await open()
  const before = await cvvOf(bench)
  await rotate(bench)
  expect(await verify(bench, before)).toEqual(no)
  expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
})

test('a right one leaves no trace, and forgives no wrong ones', async () => {
  const bench = await open()
  await guess(bench, 4)
  const cvv = await cvvOf(bench)
  bench.commits.splice(0)
  expect(await verify(bench, cvv)).toEqual(yes)
  expect(bench.commits).toEqual([])
  expect(await verify(bench, wrongFor(cvv))).toEqual(no)
  expect(await verify(bench, cvv)).toEqual(locked)
})

describe('where the issuer chose a grace', () => {
  test('the CVV before is good until it ends, and the one before that is not', async () => {
    const bench = await open({ graceMs: 60_000 })
    const first = await cvvOf(bench)
    await rotate(bench)
    // Two CVVs of a card may be alike when one lies between them.
    let second = first
    while (second === first || (await cvvOf(bench)) === first) {
      second = await cvvOf(bench)
      await rotate(bench)
    }
    expect(await verify(bench, second)).toEqual(yes)
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
    expect(await verify(bench, first)).toEqual(no)
    bench.vault.clock.advance(59_999)
    expect(await verify(bench, second)).toEqual(yes)
    bench.vault.clock.advance(1)
    expect(await verify(bench, second)).toEqual(no)
  })

  test('all that may be right is compared, also after one was', async () => {
    const bench = await open({ graceMs: 60_000 })
    await rotate(bench)
    const cvv = await cvvOf(bench)
    let compared = 0
    const cvvs: CvvDeriver = {
      ...bench.vault.cvvs,
      isSame: (a, b) => {
        compared++
        return bench.vault.cvvs.isSame(a, b)
      },
    }
    await verify({ ...bench, vault: { ...bench.vault, cvvs } }, cvv)
    expect(compared).toBe(2)
  })
})

test('a right CVV, a wrong one and a wrong expiry cost the same work, and a locked card none', async () => {
  const bench = await open()
  const cvv = await cvvOf(bench)
  const { vault, card } = bench
  const work = { derivations: 0, derived: 0, compared: 0, opened: 0 }
  const cvvs: CvvDeriver = {
    derive: (issuer, inputs) => {
      work.derivations++
      work.derived += inputs.length
      return vault.cvvs.derive(issuer, inputs)
    },
    isSame: (a, b) => {
      work.compared++
      return vault.cvvs.isSame(a, b)
    },
  }
  const issuedCards: typeof vault.issuedCards = {
    ...vault.issuedCards,
    openNumber: (...wish) => {
      work.opened++
      return vault.issuedCards.openNumber(...wish)
    },
    openServiceCode: (...wish) => {
      work.opened++
      return vault.issuedCards.openServiceCode(...wish)
    },
  }
  const counted = { ...bench, vault: { ...vault, cvvs, issuedCards } }
  const workOf = async (given: string, parts: Partial<VerifyCvv> = {}) => {
    Object.assign(work, { derivations: 0, derived: 0, compared: 0, opened: 0 })
    const verdict = await verify(counted, given, parts)
    return { verdict, work: { ...work } }
  }
  const expiry = { month: card.expiryMonth, year: card.expiryYear }
  const wrongExpiry = { ...expiry, year: expiry.year + 1 }
  const right = await workOf(cvv, { expiry })
  expect(right).toMatchObject({ verdict: yes, work: { derivations: 1, compared: 1, opened: 2 } })
  const wrong = [
    await workOf(wrongFor(cvv)),
    await workOf(cvv, { expiry: wrongExpiry }),
    await workOf(wrongFor(cvv, 1), { expiry: wrongExpiry }),
    await workOf(wrongFor(cvv, 2), { expiry }),
    await workOf(wrongFor(cvv, 3)),
  ]
  expect(wrong).toEqual(wrong.map(() => ({ verdict: no, work: right.work })))
  const nothing = { derivations: 0, derived: 0, compared: 0, opened: 0 }
  for (const given of [cvv, wrongFor(cvv)])
    expect(await workOf(given)).toEqual({ verdict: locked, work: nothing })
})

describe('an expiry', () => {
  test('that is the card’s is right', async () => {
    const bench = await open()
    const expiry = { month: bench.card.expiryMonth, year: bench.card.expiryYear }
    expect(await verify(bench, await cvvOf(bench), { expiry })).toEqual(yes)
  })

  test.each([
    { month: 1, year: 0 },
    { month: 0, year: 1 },
  ])('that is another makes a right CVV wrong, and counts: %o', async ({ month, year }) => {
    const bench = await open()
    const expiry = { month: bench.card.expiryMonth + month, year: bench.card.expiryYear + year }
    const cvv = await cvvOf(bench)
    for (let each = 0; each < 5; each++) expect(await verify(bench, cvv, { expiry })).toEqual(no)
    expect(await verify(bench, cvv)).toEqual(locked)
  })
})

describe('five wrong ones', () => {
  test('lock the CVV, also against the right one, and nothing is compared any more', async () => {
    const bench = await open()
    expect(await guess(bench, 5)).toEqual([no, no, no, no, no])
    const cvv = await cvvOf(bench)
    const cvvs: CvvDeriver = {
      ...bench.vault.cvvs,
      derive: async () => {
        throw new Error('a CVV was derived')
      },
    }
    expect(await verify({ ...bench, vault: { ...bench.vault, cvvs } }, cvv)).toEqual(locked)
  })

  test('are counted one by one in commits, and the one that locks is written down', async () => {
    const bench = await open()
    const cvv = await cvvOf(bench)
    bench.commits.splice(0)
    for (let each = 0; each < 7; each++) await verify(bench, wrongFor(cvv, each))
    expect(bench.commits.map(nameChanges)).toEqual([
      ...Array.from({ length: 4 }, () => ['put-cvv-tries']),
      ['put-cvv-tries', 'audit cvv.locked success'],
    ])
    expect(bench.entries()).toEqual([['cvv.locked', String(bench.cardId)]])
  })

  test('are not forgotten by a rotation to the service code that the card has, or to one that yields the same CVV', async () => {
    const bench = await open()
    await guess(bench, 5)
    const { card, cvv, alike, other } = await alikeCodes(bench)
    for (const code of [card, ...alike]) {
      expect(await rotateTo(bench, code)).toMatchObject({ ok: true })
      expect(await verify(bench, cvv)).toEqual(locked)
    }
    expect(await rotateTo(bench, other)).toMatchObject({ ok: true })
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
  })

  test('are forgotten when the CVV rotates', async () => {
    const bench = await open()
    await guess(bench, 5)
    await rotate(bench)
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
  })

  test('are forgotten by a reset', async () => {
    const bench = await open()
    await guess(bench, 5)
    expect(await resetCvvTries(bench.vault, bench.issuerCaller, bench.cardId)).toMatchObject({ ok: true })
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
    expect(bench.entries().at(-2)?.[0]).toBe('cvv.tries-reset')
  })

  test('are not forgotten by time', async () => {
    const bench = await open()
    await guess(bench, 5)
    bench.vault.clock.advance(30 * dayMs)
    expect(await verify(bench, await cvvOf(bench))).toEqual(locked)
  })
})

describe('ten wrong ones in a day', () => {
  const tenWrong = async (bench: Bench): Promise<void> => {
    for (const count of [4, 4, 2]) {
      await guess(bench, count)
      await rotate(bench)
      bench.vault.clock.advance(hourMs)
    }
  }

  test('lock the card across rotations, until a reset', async () => {
    const bench = await open()
    await tenWrong(bench)
    expect(bench.entries().filter(([action]) => action === 'cvv.locked')).toHaveLength(1)
    expect(await verify(bench, await cvvOf(bench))).toEqual(locked)
    await rotate(bench)
    bench.vault.clock.advance(2 * dayMs)
    expect(await verify(bench, await cvvOf(bench))).toEqual(locked)
    await resetCvvTries(bench.vault, bench.caller, bench.cardId)
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
  })

  test('lock nothing where they are further apart', async () => {
    const bench = await open()
    for (let each = 0; each < 4; each++) {
      await guess(bench, 4)
      await rotate(bench)
      bench.vault.clock.advance(12 * hourMs)
    }
    expect(await verify(bench, await cvvOf(bench))).toEqual(yes)
  })
})

describe('many at once', () => {
  test('are judged as many in a row: of a thousand five are looked at', async () => {
    const bench = await open()
    const cvv = await cvvOf(bench)
    let looked = 0
    const cvvs: CvvDeriver = {
      ...bench.vault.cvvs,
      derive: (issuer, inputs) => {
        looked++
        return bench.vault.cvvs.derive(issuer, inputs)
      },
    }
    const counting = { ...bench, vault: { ...bench.vault, cvvs } }
    const verdicts = await Promise.all(
      Array.from({ length: 999 }, (_, each) => verify(counting, wrongFor(cvv, each))),
    )
    expect(looked).toBe(5)
    expect(verdicts.filter((verdict) => verdict.ok && verdict.value.isValid)).toEqual([])
    expect(verdicts).toContainEqual(refuse({ type: 'TooManyGuesses', retryAfterSeconds: 1 }))
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 5 })
    expect(bench.entries().filter(([action]) => action === 'cvv.locked')).toHaveLength(1)
    expect(await verify(counting, cvv)).toEqual(locked)
    expect(looked).toBe(5)
  })

  test('that come while others are counted are looked at no more often than the counters allow', async () => {
    const bench = await open()
    const cvv = await cvvOf(bench)
    const waves = Array.from({ length: 30 }, async (_, wave) => {
      for (let each = 0; each < 10; each++) await verify(bench, wrongFor(cvv, wave * 10 + each))
    })
    await Promise.all(waves)
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 5 })
  })

  test('that are right are all right, a few at a time', async () => {
    const bench = await open()
    const cvv = await cvvOf(bench)
    const five = await Promise.all(Array.from({ length: 5 }, () => verify(bench, cvv)))
    expect(five).toEqual([yes, yes, yes, yes, yes])
    expect(await verify(bench, cvv)).toEqual(yes)
  })

  test('of a card that was reset while one was counted: none is lost', async () => {
    const bench = await open()
    await guess(bench, 3)
    const cvv = await cvvOf(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await resetCvvTries(bench.vault, bench.caller, bench.cardId)
      }
      return commit()
    })
    expect(await verify({ ...bench, vault: { ...bench.vault, store } }, wrongFor(cvv))).toEqual(no)
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 1 })
  })
})

test('one that was forgotten, and is counted when others have locked the next CVV, locks nothing once more', async () => {
  const opening = await open()
  const pendingTries = { ...opening.vault.pendingTries, enter: async () => 1, leave: async () => {} }
  const bench = { ...opening, vault: { ...opening.vault, pendingTries } }
  const cvv = await cvvOf(bench)
  let isFirst = true
  const store = interceptCommits(bench.vault.store, async (_, commit) => {
    if (isFirst) {
      isFirst = false
      await rotate(bench)
      await guess(bench, 5)
    }
    return commit()
  })
  expect(await verify({ ...bench, vault: { ...bench.vault, store } }, wrongFor(cvv))).toEqual(no)
  expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ serial: 1, wrong: 5, version: 6 })
  expect(bench.entries().filter(([action]) => action === 'cvv.locked')).toHaveLength(1)
})

describe('a try that is under way', () => {
  const counting = ({ vault }: Bench) => {
    const steps: string[] = []
    const pendingTries: PendingTries = {
      ...vault.pendingTries,
      enter: (card) => {
        steps.push('enter')
        return vault.pendingTries.enter(card)
      },
      leave: (card) => {
        steps.push('leave')
        return vault.pendingTries.leave(card)
      },
    }
    const store = interceptCommits(vault.store, (changes, commit) => {
      steps.push(...nameChanges(changes))
      return commit()
    })
    return { steps, vault: { ...vault, pendingTries, store } }
  }

  test('counts until what is wrong of it is durable', async () => {
    const bench = await open()
    const { steps, vault } = counting(bench)
    await verify({ ...bench, vault }, wrongFor(await cvvOf(bench)))
    expect(steps).toEqual(['enter', 'put-cvv-tries', 'leave'])
  })

  test('counts before the counters are read', async () => {
    const bench = await open()
    const { steps, vault } = counting(bench)
    const cvvTries: typeof vault.store.cvvTries = (id) => {
      steps.push('read')
      return vault.store.cvvTries(id)
    }
    await verify({ ...bench, vault: { ...vault, store: { ...vault.store, cvvTries } } }, await cvvOf(bench))
    expect(steps).toEqual(['enter', 'read', 'leave'])
  })

  test('does not count any more once it ended, however it did', async () => {
    const bench = await open()
    const { outage, broken } = breaking(bench)
    const cvv = await cvvOf(bench)
    outage.isOn = true
    for (let each = 0; each < 3; each++)
      await expect(verify(broken, wrongFor(cvv, each))).rejects.toThrow(UnavailableError)
    outage.isOn = false
    for (let each = 0; each < 6; each++) await verify(broken, wrongFor(cvv, each))
    expect(await bench.vault.pendingTries.enter(bench.cardId)).toBe(1)
  })
})

test('what cannot be counted is not told', async () => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, async () =>
    refuse({ type: 'Conflict', change: 'put-cvv-tries' }),
  )
  const wrong = wrongFor(await cvvOf(bench))
  await expect(verify({ ...bench, vault: { ...bench.vault, store } }, wrong)).rejects.toThrow(
    UnavailableError,
  )
})

describe('while nothing can be written', () => {
  test('one wrong try is told as an outage, and after it nothing is compared, whatever is asked', async () => {
    const bench = await open()
    const { outage, broken } = breaking(bench)
    const cvv = await cvvOf(bench)
    outage.isOn = true
    expect(await verify(broken, cvv)).toEqual(yes)
    await expect(verify(broken, wrongFor(cvv))).rejects.toThrow('disk full')
    const before = outage.derived
    for (const asked of [cvv, ...Array.from({ length: 50 }, (_, each) => wrongFor(cvv, each))])
      await expect(verify(broken, asked)).rejects.toThrow('disk full')
    expect(outage.derived).toBe(before)
    outage.isOn = false
    expect(await verify(broken, cvv)).toEqual(yes)
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 1, version: 1 })
  })

  test('of a thousand at once no more are compared than of a thousand that can be counted', async () => {
    const bench = await open()
    const { outage, broken } = breaking(bench)
    const cvv = await cvvOf(bench)
    await verify(broken, wrongFor(cvv))
    outage.isOn = true
    const before = outage.derived
    for (let wave = 0; wave < 4; wave++)
      await Promise.allSettled(Array.from({ length: 250 }, (_, at) => verify(broken, wrongFor(cvv, at))))
    expect(outage.derived - before).toBeLessThanOrEqual(4)
    outage.isOn = false
    expect(await verify(broken, cvv)).toEqual(locked)
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 5 })
    expect(bench.entries().filter(([action]) => action === 'cvv.locked')).toHaveLength(1)
  })

  test('what is owed counts for the CVV that it was tried against, also where that has rotated', async () => {
    const bench = await open()
    const { outage, broken } = breaking(bench)
    const cvv = await cvvOf(bench)
    outage.isOn = true
    await expect(verify(broken, wrongFor(cvv))).rejects.toThrow(UnavailableError)
    outage.isOn = false
    await rotate(bench)
    expect(await verify(broken, await cvvOf(bench))).toEqual(yes)
    const counted = { serial: 0, wrong: 1, recent: [bench.vault.clock.now()] }
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject(counted)
  })

  test('nothing of any card is compared once no more can be owed, until some of it is counted', async () => {
    const bench = await open()
    const { outage, broken } = breaking(bench)
    const cvv = await cvvOf(bench)
    const { card: other } = await issueCard(bench, { name: 'another' })
    const calls: string[] = []
    bench.vault.pendingTries.owe(other.id, async () => {
      if (outage.isOn) throw new UnavailableError('disk full')
      calls.push('counted')
    })
    const mustCountFirst = () => (calls.length === 0 ? other.id : undefined)
    const full = {
      ...broken,
      vault: { ...broken.vault, pendingTries: { ...bench.vault.pendingTries, mustCountFirst } },
    }
    outage.isOn = true
    const before = outage.derived
    for (const asked of [cvv, wrongFor(cvv), cvv])
      await expect(verify(full, asked)).rejects.toThrow('disk full')
    expect(outage.derived).toBe(before)
    outage.isOn = false
    expect(await verify(full, cvv)).toEqual(yes)
    expect(calls).toEqual(['counted'])
    expect(await bench.vault.pendingTries.enter(other.id)).toBe(1)
  })
})

describe('what is owed and being counted', () => {
  /** So many, which are counted as soon as the database answers. */
  const stalling = async (owed: number) => {
    const bench = await open()
    const { pendingTries } = bench.vault
    const answered = Promise.withResolvers<void>()
    const counting: Promise<number>[] = []
    const owe = (cardId: IssuedCardId): void => {
      pendingTries.owe(cardId, () => answered.promise)
      counting.push(pendingTries.countOwed(cardId))
    }
    for (let each = 0; each < owed; each++) owe(bench.cardId)
    const answer = async () => {
      answered.resolve()
      await Promise.all(counting)
    }
    return { ...breaking(bench), bench, owe, answer, cvv: await cvvOf(bench) }
  }
  const wait = refuse({ type: 'TooManyGuesses', retryAfterSeconds: 1 })

  test('counts for its card until it has been, however long that takes', async () => {
    const { bench, broken, outage, owe, answer, cvv } = await stalling(4)
    expect(await verify(broken, cvv)).toEqual(yes)
    owe(bench.cardId)
    const before = outage.derived
    expect(await verify(broken, cvv)).toEqual(wait)
    expect(outage.derived).toBe(before)
    await answer()
    expect(await verify(broken, cvv)).toEqual(yes)
  })

  test('counts for who began before it was counted', async () => {
    const { bench, answer, cvv } = await stalling(5)
    const cvvTries: typeof bench.vault.store.cvvTries = async (id) => {
      const tries = await bench.vault.store.cvvTries(id)
      await answer()
      return tries
    }
    const vault = { ...bench.vault, store: { ...bench.vault.store, cvvTries } }
    expect(await verify({ ...bench, vault }, cvv)).toEqual(wait)
  })

  test('lets nothing of any card be compared while no more can be owed', async () => {
    const { bench, broken, outage, owe, answer, cvv } = await stalling(0)
    const { card: other } = await issueCard(bench, { name: 'another' })
    owe(other.id)
    const pendingTries = { ...bench.vault.pendingTries, mustCountFirst: () => other.id }
    const full = { ...broken, vault: { ...broken.vault, pendingTries } }
    await expect(verify(full, cvv)).rejects.toThrow(UnavailableError)
    expect(outage.derived).toBe(0)
    await answer()
  })
})

describe('nothing is said', () => {
  const absent = refuse({ type: 'IssuedCardNotFound' })

  test('of a card that nobody knows, of another account, or of another issuer, and no try is counted', async () => {
    const bench = await open()
    const { tenantId } = await addIssuer(bench.vault, 'stranger')
    const tenant = await bench.vault.store.tenant(tenantId)
    if (!tenant) throw new Error('no tenant')
    const entered: IssuedCardId[] = []
    const pendingTries: PendingTries = {
      ...bench.vault.pendingTries,
      enter: async (card) => entered.push(card),
      leave: async () => {},
    }
    const watched = { ...bench, vault: { ...bench.vault, pendingTries } }
    const other = callerForAccount(bench.caller, account + 1)
    expect(await verify({ ...watched, cardId: 2 as IssuedCardId }, '000')).toEqual(absent)
    expect(await verify({ ...watched, issuerCaller: other }, '000')).toEqual(absent)
    expect(await verify({ ...watched, issuerCaller: callerOf(tenant) }, '000')).toEqual(absent)
    expect(entered).toEqual([])
  })

  test('of a card that is cancelled or has ended', async () => {
    const bench = await open()
    const { vault, caller, cardId } = bench
    const cvv = await cvvOf(bench)
    await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'BLOCKED' })
    expect(await verify(bench, cvv)).toEqual(yes)
    await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'CANCELED' })
    expect(await verify(bench, cvv)).toEqual(absent)
    const other = await open()
    other.vault.clock.advance(7 * 365 * dayMs)
    expect(await verify(other, cvv)).toEqual(absent)
  })

  test('before the PCI data is there', async () => {
    const bench = await open({ pciDelayMs: minuteMs })
    expect(await verify(bench, '000')).toEqual(absent)
  })

  test('while the issuer’s keys are not complete', async () => {
    const bench = await open()
    const issuer = async () => ({ ...bench.issuer, cvk: undefined })
    const vault = { ...bench.vault, store: { ...bench.vault.store, issuer } }
    expect(await verify({ ...bench, vault }, '000')).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'no CVK' }),
    )
  })
})

describe('a reset', () => {
  test('is written down, also where there was nothing to forget', async () => {
    const bench = await open()
    await resetCvvTries(bench.vault, bench.caller, bench.cardId)
    expect(bench.commits.map(nameChanges)).toEqual([['audit cvv.tries-reset success']])
    await guess(bench, 1)
    bench.commits.splice(0)
    await resetCvvTries(bench.vault, bench.issuerCaller, bench.cardId)
    expect(bench.commits.map(nameChanges)).toEqual([['put-cvv-tries', 'audit cvv.tries-reset success']])
    expect(await bench.vault.store.cvvTries(bench.cardId)).toMatchObject({ wrong: 0, recent: [], version: 2 })
  })

  test('is refused for another account, and given up where others are first at every attempt', async () => {
    const bench = await open()
    const other = callerForAccount(bench.caller, account + 1)
    expect(await resetCvvTries(bench.vault, other, bench.cardId)).toEqual(
      refuse({ type: 'IssuedCardNotFound' }),
    )
    const store = interceptCommits(bench.vault.store, async () =>
      refuse({ type: 'Conflict', change: 'put-cvv-tries' }),
    )
    await expect(resetCvvTries({ ...bench.vault, store }, bench.caller, bench.cardId)).rejects.toThrow(
      UnavailableError,
    )
  })
})
