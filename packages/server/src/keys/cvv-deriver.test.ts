import type { Cvk } from '@cardkeep/core/issuing/issuer'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { CvkKeeper } from '@cardkeep/core/ports'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cvvVectors } from '@cardkeep/testing/keys/cvv-vectors'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createCvkKeeper } from './cvk-keeper.ts'
import { createCvvDeriver } from './cvv-deriver.ts'
import type { LoadedKey } from './key-snapshot.ts'
import type { KeySource } from './use-keys.ts'

const clock = createFixedClock()
const tenantId = tenantAt(1)
const other = tenantAt(2)

const makeFixture = async () => {
  const owners = [tenantId, other].map((id) => ({ type: 'tenant', id }) as const)
  const fixture = await createKeyFixture({ clock, ids: createCountingIds() }, owners, 'live', ['issuer'])
  const { keyring } = fixture
  return { ...fixture, keeper: createCvkKeeper(keyring), deriver: createCvvDeriver(keyring) }
}

/** The pair as one component that a single custodian brings. */
const pairOf = async (keeper: CvkKeeper, a: string, b: string, issuer = tenantId): Promise<Cvk> => {
  const place = { tenantId: issuer, custodian: 'ada' }
  const component = await keeper.sealComponent(place, { a: new Secret(a), b: new Secret(b) })
  if (!component.ok) throw new Error('a test names an empty component')
  const stored = { ...place, ...component.value, createdAt: clock.now() }
  const made = await keeper.combine({ id: issuer, environment: 'test' }, [stored])
  if (!made.ok) throw new Error('a test names a weak key')
  return { ...made.value, createdAt: clock.now() }
}

const reveal = (cvvs: readonly Secret<string>[]) => cvvs.map((cvv) => openSecret(cvv, 'check'))

test.each(cvvVectors)(
  'a CVV is $cvv as published for $pan, $expiry and $serviceCode: $source',
  async (vector) => {
    const { keeper, deriver } = await makeFixture()
    const cvk = await pairOf(keeper, vector.cvkA, vector.cvkB)
    expect(reveal(await deriver.derive({ tenantId, cvk }, [vector]))).toEqual([vector.cvv])
  },
)

const published = {
  cvkA: '0123456789ABCDEF',
  cvkB: 'FEDCBA9876543210',
  input: { pan: '4123456789012345', expiry: '8701', serviceCode: '111' },
}

test('many CVVs at once come in the order of what they are of', async () => {
  const { keeper, deriver } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const ofOnePair = cvvVectors.filter(({ cvkA, cvkB }) => cvkA === published.cvkA && cvkB === published.cvkB)
  const inputs = Array.from({ length: 50 }, () => ofOnePair).flat()
  expect(reveal(await deriver.derive({ tenantId, cvk }, inputs))).toEqual(inputs.map(({ cvv }) => cvv))
  expect(await deriver.derive({ tenantId, cvk }, [])).toEqual([])
})

test('CVVs are those of the pair that is asked for, issuer by issuer, and of a pair that took its place', async () => {
  const { keeper, deriver } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const swapped = await pairOf(keeper, published.cvkB, published.cvkA)
  const othersPair = await pairOf(keeper, published.cvkB, published.cvkA, other)
  const deriveOne = async (issuer: typeof tenantId, pair: Cvk) =>
    reveal(await deriver.derive({ tenantId: issuer, cvk: pair }, [published.input]))
  expect(await deriveOne(tenantId, cvk)).toEqual(['856'])
  const theirs = await deriveOne(other, othersPair)
  expect(theirs).not.toEqual(['856'])
  expect(await deriveOne(tenantId, swapped)).toEqual(theirs)
  expect(await deriveOne(tenantId, cvk)).toEqual(['856'])
})

test('a pair of another issuer derives nothing', async () => {
  const { keeper, deriver } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  await expect(deriver.derive({ tenantId: other, cvk }, [published.input])).rejects.toThrow(
    'belong elsewhere',
  )
})

/** A keyring that tells how often a key was used, and can be told to have none. */
const watchKeys = (keyring: KeySource) => {
  const world = { opened: 0, hasKeys: true, reload: keyring.reload }
  const watch = (loaded: LoadedKey): LoadedKey => ({
    ...loaded,
    get key() {
      world.opened++
      return loaded.key
    },
  })
  const keys: KeySource = {
    find: (...wish) => {
      const owned = keyring.find(...wish)
      return owned && world.hasKeys ? { ...owned, usable: owned.usable.map(watch) } : undefined
    },
    reload: () => world.reload(),
  }
  return { world, deriver: createCvvDeriver(keys) }
}

test('a pair is opened once, and anew when all were dropped', async () => {
  const { keeper, keyring } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const { world, deriver } = watchKeys(keyring)
  const derive = async () => reveal(await deriver.derive({ tenantId, cvk }, [published.input]))
  expect(await derive()).toEqual(['856'])
  const copy = { ...cvk, sealed: Uint8Array.from(cvk.sealed) }
  expect(reveal(await deriver.derive({ tenantId, cvk: copy }, [published.input]))).toEqual(['856'])
  expect(world.opened).toBe(1)
  deriver.dropAll()
  expect(await derive()).toEqual(['856'])
  expect(world.opened).toBe(2)
})

test('pairs of several issuers stay opened beside each other', async () => {
  const { keeper, keyring } = await makeFixture()
  const pairs = [
    { tenantId, cvk: await pairOf(keeper, published.cvkA, published.cvkB) },
    { tenantId: other, cvk: await pairOf(keeper, published.cvkB, published.cvkA, other) },
  ]
  const { world, deriver } = watchKeys(keyring)
  for (let round = 0; round < 3; round++)
    for (const pair of pairs) await deriver.derive(pair, [published.input])
  expect(world.opened).toBe(2)
})

test('a pair whose key was destroyed derives nothing more, though it was opened before', async () => {
  const { keeper, keyring } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const { world, deriver } = watchKeys(keyring)
  await deriver.derive({ tenantId, cvk }, [published.input])
  world.hasKeys = false
  await expect(deriver.derive({ tenantId, cvk }, [published.input])).rejects.toThrow('there is no version 1')
})

test('a pair whose opening ends after all were dropped is not remembered', async () => {
  const { keeper, keyring } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const { world, deriver } = watchKeys(keyring)
  const gate = Promise.withResolvers<void>()
  Object.assign(world, { hasKeys: false, reload: () => gate.promise })
  const underWay = deriver.derive({ tenantId, cvk }, [published.input])
  deriver.dropAll()
  world.hasKeys = true
  gate.resolve()
  expect(reveal(await underWay)).toEqual(['856'])
  await deriver.derive({ tenantId, cvk }, [published.input])
  expect(world.opened).toBe(2)
})

test('CVVs are told from each other by every digit and by their length', async () => {
  const { deriver } = await makeFixture()
  expect(deriver.isSame(new Secret('024'), new Secret('024'))).toBe(true)
  for (const wrong of ['124', '034', '025', '24', '0240', ''])
    expect(deriver.isSame(new Secret('024'), new Secret(wrong))).toBe(false)
})

test('what is no digit derives nothing, and the failure does not repeat it', async () => {
  const { keeper, deriver } = await makeFixture()
  const cvk = await pairOf(keeper, published.cvkA, published.cvkB)
  const wrong = { ...published.input, serviceCode: '1a1' }
  const failed = await deriver.derive({ tenantId, cvk }, [wrong]).catch((error: unknown) => String(error))
  expect(failed).toBe('Error: what a CVV is made of is not digits')
})
