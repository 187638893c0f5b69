import { inspect } from 'node:util'
import type { CvkComponent, StoredCvkComponent } from '@cardkeep/core/issuing/issuer'
import { refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { CvkKeeper } from '@cardkeep/core/ports'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import * as vectors from '@cardkeep/testing/keys/issuing-vectors'
import { describe, expect, test } from 'vitest'
import { createCvkKeeper } from './cvk-keeper.ts'
import { createCvkSealer } from './cvk-sealer.ts'
import { createCvvDeriver } from './cvv-deriver.ts'

const clock = createFixedClock()
const tenantId = tenantAt(1)
const issuer = { id: tenantId, environment: 'live' } as const
const other = tenantAt(2)
const vault = { type: 'vault', id: undefined } as const

const makeFixture = async () => {
  const owners = [tenantId, other].map((id) => ({ type: 'tenant', id }) as const)
  const fixture = await createKeyFixture({ clock, ids: createCountingIds() }, owners, 'live', ['issuer'])
  const { keyring } = fixture
  return { ...fixture, keeper: createCvkKeeper(keyring), sealer: createCvkSealer(keyring) }
}

const componentOf = (a: string, b: string): CvkComponent => ({ a: new Secret(a), b: new Secret(b) })

const store = async (
  keeper: CvkKeeper,
  custodian: string,
  component: CvkComponent,
): Promise<StoredCvkComponent> => {
  const place = { tenantId, custodian }
  const sealed = await keeper.sealComponent(place, component)
  if (!sealed.ok) throw new Error('a test brings an empty component')
  return { ...place, ...sealed.value, createdAt: clock.now() }
}

/** Three whose sum is the pair that most published CVVs are made under, 0123456789ABCDEF and FEDCBA9876543210. */
const parts = {
  ada: componentOf('1111111111111111', '4444444444444444'),
  bob: componentOf('2222222222222222', '8888888888888888'),
  eve: componentOf('32107654BA98FEDC', '32107654ba98fedc'),
}
const xor = (one: string, other: string): string =>
  (BigInt(`0x${one}`) ^ BigInt(`0x${other}`)).toString(16).padStart(16, '0')

/** As tables of DES show them: eight zero bytes encrypted under each. */
const checkValues = { a: 'D5D44F', b: 'A68CDC' }

const storeAll = async (keeper: CvkKeeper) => {
  const stored: StoredCvkComponent[] = []
  for (const [custodian, component] of Object.entries(parts))
    stored.push(await store(keeper, custodian, component))
  return stored
}

const combine = async (keeper: CvkKeeper, components: readonly StoredCvkComponent[]) => {
  const made = await keeper.combine(issuer, components)
  if (!made.ok) throw new Error('a test names a weak key')
  return made.value
}

describe('card verification keys', () => {
  test('are the sum of their components, in whichever order these came', async () => {
    const { keeper, keyring } = await makeFixture()
    const [ada, bob, eve] = await storeAll(keeper)
    if (!ada || !bob || !eve) throw new Error('no components')
    for (const order of [
      [ada, bob, eve],
      [eve, ada, bob],
    ]) {
      const made = await combine(keeper, order)
      expect(made.checkValues).toEqual(checkValues)
      const cvk = { ...made, createdAt: clock.now() }
      const input = { pan: '4123456789012345', expiry: '8701', serviceCode: '111' }
      const [cvv] = await createCvvDeriver(keyring).derive({ tenantId, cvk }, [input])
      expect(createCvvDeriver(keyring).isSame(cvv ?? new Secret(''), new Secret('856'))).toBe(true)
    }
  })

  test('are other ones when a component is missing', async () => {
    const { keeper } = await makeFixture()
    const stored = await storeAll(keeper)
    expect((await combine(keeper, stored.slice(1))).checkValues).not.toEqual(checkValues)
  })

  test('are drawn anew each time, with odd parity, and their check values are told and nothing else', async () => {
    const { keeper, sealer } = await makeFixture()
    const [first, second] = [await keeper.generate(tenantId), await keeper.generate(tenantId)]
    expect(first.checkValues).not.toEqual(second.checkValues)
    for (const value of Object.values(first.checkValues)) expect(value).toMatch(/^[0-9A-F]{6}$/)
    const bytes = await sealer.open({ type: 'pair', tenantId }, first.sealed)
    for (const byte of bytes) expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1)
    expect(inspect(first, { depth: null })).not.toContain(bytes.toString('hex'))
    expect(Buffer.from(first.sealed).includes(bytes)).toBe(false)
    expect(bytes.subarray(0, 8)).not.toEqual(bytes.subarray(8))
  })

  test('open after a rotation of the key that seals them', async () => {
    const { keeper, keyring, sealer } = await makeFixture()
    const stored = await storeAll(keeper)
    const { sealed } = await combine(keeper, stored)
    await keyring.rotate({ purpose: 'cvk', owner: { type: 'tenant', id: tenantId }, actor: vault })
    expect((await sealer.open({ type: 'pair', tenantId }, sealed)).toString('hex')).toBe(
      '0123456789abcdeffedcba9876543210',
    )
    expect((await combine(keeper, stored)).checkValues).toEqual(checkValues)
  })

  test('that were sealed outside this program open, and so does a component', async () => {
    const sealer = createCvkSealer(await vectors.openVectorKeys('cvk'))
    const pair = await sealer.open({ type: 'pair', tenantId }, vectors.sealedPair)
    const component = { type: 'component', tenantId, custodian: 'ada' } as const
    for (const bytes of [pair, await sealer.open(component, vectors.sealedComponent)])
      expect(bytes.toString('hex')).toBe('0123456789abcdeffedcba9876543210')
  })
})

describe('a weak key', () => {
  // As FIPS 74 lists them, and the first without parity bits; one that differs in a bit that counts is none.
  test.each([
    '0000000000000000',
    '0101010101010101',
    'FEFEFEFEFEFEFEFE',
    'FFFFFFFFFFFFFFFF',
    'E0E0E0E0F1F1F1F1',
    '1F1F1F1F0E0E0E0E',
  ])('%s is not used as A nor as B', async (weak) => {
    const { keeper } = await makeFixture()
    const good = '0123456789ABCDEF'
    const ada = await store(keeper, 'ada', parts.ada)
    const combineWithAda = async (a: string, b: string) => {
      const rest = componentOf(xor(a, '1111111111111111'), xor(b, '4444444444444444'))
      return keeper.combine(issuer, [ada, await store(keeper, 'bob', rest)])
    }
    expect(await combineWithAda(weak, good)).toEqual(refuse({ type: 'WeakCvk' }))
    expect(await combineWithAda(good, weak)).toEqual(refuse({ type: 'WeakCvk' }))
    const almost = weak.slice(0, -1) + (weak.endsWith('0') ? '8' : '4')
    expect(await combineWithAda(almost, good)).toMatchObject({ ok: true })
  })

  test('is what two custodians make who bring the same component', async () => {
    const { keeper } = await makeFixture()
    const components = [await store(keeper, 'ada', parts.ada), await store(keeper, 'bob', parts.ada)]
    expect(await keeper.combine(issuer, components)).toEqual(refuse({ type: 'WeakCvk' }))
  })

  test('is one that stands for both, whatever the parity bits say, unless it is for a test', async () => {
    const { keeper } = await makeFixture()
    for (const b of ['0123456789ABCDEF', '0022446688AACCEE']) {
      const components = [await store(keeper, 'ada', componentOf('0123456789ABCDEF', b))]
      expect(await keeper.combine(issuer, components)).toEqual(refuse({ type: 'WeakCvk' }))
      const test = { ...issuer, environment: 'test' } as const
      expect(await keeper.combine(test, components)).toMatchObject({ ok: true })
    }
    const almost = [await store(keeper, 'ada', componentOf('0123456789ABCDEF', '0323456789ABCDEF'))]
    expect(await keeper.combine(issuer, almost)).toMatchObject({ ok: true })
  })
})

test.each(['0000000000000000', '0101010101010101', '0001000100010001'])(
  'a component with %s as A or as B adds nothing to that key, and is not sealed',
  async (none) => {
    const { keeper } = await makeFixture()
    const place = { tenantId, custodian: 'ada' }
    const good = '0000000000000002'
    for (const component of [componentOf(none, good), componentOf(good, none), componentOf(none, none)])
      expect(await keeper.sealComponent(place, component)).toEqual(refuse({ type: 'EmptyComponent' }))
    expect(await keeper.sealComponent(place, componentOf(good, good))).toMatchObject({ ok: true })
  },
)

describe('a sealed component', () => {
  test('has check values of its own, by which its custodian knows that it came as it was sent', async () => {
    const { keeper } = await makeFixture()
    const whole = await store(keeper, 'ada', componentOf('0123456789abcdef', 'fedcba9876543210'))
    expect(whole.checkValues).toEqual(checkValues)
  })

  test('opens neither for another custodian, nor for another issuer, nor as the keys themselves', async () => {
    const { keeper, sealer } = await makeFixture()
    const { sealed } = await store(keeper, 'ada', parts.ada)
    for (const part of [
      { type: 'component', tenantId, custodian: 'bob' },
      { type: 'component', tenantId: other, custodian: 'ada' },
      { type: 'pair', tenantId },
    ] as const)
      await expect(sealer.open(part, sealed)).rejects.toThrow('belong elsewhere')
  })

  test('is shown by no error', async () => {
    const { keeper, sealer } = await makeFixture()
    const { sealed } = await store(keeper, 'ada', parts.ada)
    const failed = await sealer.open({ type: 'pair', tenantId }, sealed).catch((error: unknown) => error)
    expect(inspect(failed, { depth: null })).not.toContain('1111')
  })
})

test('bytes that are to be sealed are wiped, also where nothing can seal them', async () => {
  const { sealer } = await makeFixture()
  const [bytes, lost] = [Buffer.alloc(16, 7), Buffer.alloc(16, 7)]
  await sealer.seal({ type: 'pair', tenantId }, bytes)
  await expect(sealer.seal({ type: 'pair', tenantId: tenantAt(9) }, lost)).rejects.toThrow(
    'there is no cvk key',
  )
  for (const wiped of [bytes, lost]) expect(wiped.every((byte) => byte === 0)).toBe(true)
})
