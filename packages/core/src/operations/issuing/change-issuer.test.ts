import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CvkComponent, issuerLimits, usualIssuerSettings } from '../../issuing/issuer.ts'
import { done, refuse } from '../../kernel/result.ts'
import { Secret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import {
  addCvkComponent,
  addIssuerBin,
  changeIssuer,
  type EnableIssuer,
  enableIssuer,
  removeCvkComponents,
} from './change-issuer.ts'

let vault: TestVault
let tenant: Tenant

beforeEach(async () => {
  vault = await openTestVault()
  tenant = await addTenant(vault, 'issuer')
})
afterEach(() => vault.close())

const ports = (parts: Partial<TestVault> = {}) => ({ ...vault, ...parts, keys: vault.keyring })

const enable = (of: Tenant = tenant, cvk: EnableIssuer['cvk'] = 'later', settings = usualIssuerSettings) =>
  enableIssuer(ports(), testOperator, of, { settings, cvk })

const add = (custodian: string, component: CvkComponent, expected = 3, of: Tenant = tenant) =>
  addCvkComponent(ports(), testOperator, of, { custodian, component, expected })

const componentOf = (a: string, b: string): CvkComponent => ({ a: new Secret(a), b: new Secret(b) })

/** Their sum is the pair that most published CVVs are made under. */
const [ada, bob, eve] = [
  componentOf('1111111111111111', '4444444444444444'),
  componentOf('2222222222222222', '8888888888888888'),
  componentOf('32107654BA98FEDC', '32107654BA98FEDC'),
]
const checkValues = { a: 'D5D44F', b: 'A68CDC' }

/** Action, subject and details of the last entries. */
const entries = async (count: number): Promise<readonly unknown[]> => {
  const stored = await vault.store.auditEntries((await vault.store.auditHead()).seq - count, count)
  return stored.map(({ text }) => {
    const [, , action, , of, actor, , , subject, details] = JSON.parse(text) as unknown[]
    return { action, of, actor, subject, details }
  })
}
const entryOf = (action: string, details: object, of: Tenant = tenant) => ({
  ...{ action, of: of.id, actor: ['operator', testOperator.name], subject: ['issuer', of.id], details },
})
const head = async () => (await vault.store.auditHead()).seq

describe('a tenant that becomes an issuer', () => {
  test('has its settings, keys of its own and a pair that signs, all of it written down', async () => {
    const settings = { ...usualIssuerSettings, graceMs: minuteMs }
    const enabled = await enable(tenant, 'generate', settings)
    if (!enabled.ok) throw new Error(enabled.error.type)
    const { cvk } = enabled.value
    expect(enabled.value).toMatchObject({ tenantId: tenant.id, settings, componentsExpected: undefined })
    expect(cvk?.checkValues.a).toMatch(/^[0-9A-F]{6}$/)
    expect(await vault.store.issuer(tenant.id)).toEqual({
      ...enabled.value,
      cvk: { ...cvk, sealed: new Uint8Array(cvk?.sealed ?? []) },
    })
    for (const purpose of ['issued-card', 'issued-number', 'cvk', 'access'] as const)
      expect(vault.keyring.find(purpose, { type: 'tenant', id: tenant.id })?.active).toBeDefined()
    const [key] = await vault.store.accessKeys(tenant.id)
    expect(key).toMatchObject({ tenantId: tenant.id, retiredAt: undefined })
    expect(await entries(3)).toEqual([
      entryOf('issuer.enabled', settings),
      { ...entryOf('access-key.created', {}), subject: ['access-key', key?.id] },
      entryOf('issuer.cvk-made', {
        checkValueA: cvk?.checkValues.a,
        checkValueB: cvk?.checkValues.b,
        generated: true,
      }),
    ])
  })

  test('takes no keys from another tenant, which has none', async () => {
    const shop = await addTenant(vault, 'shop')
    await enable()
    for (const purpose of ['issued-card', 'issued-number', 'cvk', 'access'] as const)
      expect(vault.keyring.find(purpose, { type: 'tenant', id: shop.id })).toBeUndefined()
    expect(await vault.store.issuer(shop.id)).toBeUndefined()
    expect(await vault.store.issuers()).toHaveLength(1)
  })

  test('and is a test tenant may bring all components at once', async () => {
    const test = await addTenant(vault, 'test', { environment: 'test' })
    expect(await enable(test, [ada, bob, eve])).toMatchObject({ ok: true, value: { cvk: { checkValues } } })
    expect(await vault.store.cvkComponents(test.id)).toEqual([])
    expect((await entries(1))[0]).toEqual(
      entryOf('issuer.cvk-made', { checkValueA: 'D5D44F', checkValueB: 'A68CDC', components: 3 }, test),
    )
  })

  test('and is live has keys that no one person brings: nothing is written where one does', async () => {
    const before = await head()
    for (const components of [[ada], [ada, bob, eve]])
      expect(await enable(tenant, components)).toEqual(refuse({ type: 'CvkInOnePiece' }))
    expect(await head()).toBe(before)
    expect(await vault.store.issuer(tenant.id)).toBeUndefined()
  })

  test('from weak components becomes none', async () => {
    const test = await addTenant(vault, 'test', { environment: 'test' })
    expect(await enable(test, [ada, ada])).toEqual(refuse({ type: 'WeakCvk' }))
    expect(await vault.store.issuer(test.id)).toBeUndefined()
    expect(await enable(test, 'generate')).toMatchObject({ ok: true })
  })

  test('becomes one once, also where two do it at once', async () => {
    const both = await Promise.all([enable(tenant, 'generate'), enable(tenant, 'generate')])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await enable()).toEqual(refuse({ type: 'IssuerEnabledAlready' }))
    expect(await vault.store.accessKeys(tenant.id)).toHaveLength(1)
    const purposes = vault.keyring.list().filter(({ owner }) => owner.id === tenant.id)
    expect(purposes.filter(({ purpose }) => purpose === 'cvk')).toHaveLength(1)
  })

  test('beside many others at once gets its keys', async () => {
    const tenants = await Promise.all(Array.from({ length: 6 }, (_, at) => addTenant(vault, `issuer-${at}`)))
    const enabled = await Promise.all(tenants.map((one) => enable(one, 'generate')))
    expect(enabled.every(({ ok }) => ok)).toBe(true)
  })

  test('is given up where its keys are in conflict at every attempt', async () => {
    const store = {
      ...vault.store,
      commit: async () => refuse({ type: 'Conflict', change: 'put-key-set' } as const),
    }
    const wish = { settings: usualIssuerSettings, cvk: 'generate' } as const
    expect(await enableIssuer(ports({ store }), testOperator, tenant, wish)).toEqual(
      refuse({ type: 'Contended' }),
    )
  })
})

describe('settings of an issuer', () => {
  test('change one by one, and the card verification keys stay', async () => {
    await enable(tenant, 'generate')
    const before = await vault.store.issuer(tenant.id)
    const changed = await changeIssuer(ports(), testOperator, tenant, { jitterMs: minuteMs })
    const after = { ...before, settings: { ...usualIssuerSettings, jitterMs: minuteMs } }
    expect(changed).toEqual({ ok: true, value: after })
    expect(await vault.store.issuer(tenant.id)).toEqual(after)
    expect(await entries(1)).toEqual([entryOf('issuer.changed', { jitterMs: minuteMs })])
  })

  test('of a tenant that is none change nothing', async () => {
    expect(await changeIssuer(ports(), testOperator, tenant, { graceMs: 1 })).toEqual(
      refuse({ type: 'NotAnIssuer' }),
    )
  })

  test.each(['graceMs', 'jitterMs', 'pciDelayMs'] as const)('take no %s beyond its limit', async (name) => {
    await enable()
    const most = { [name]: issuerLimits[name] }
    expect(await changeIssuer(ports(), testOperator, tenant, most)).toMatchObject({ ok: true })
    for (const wrong of [issuerLimits[name] + 1, -1, Number.NaN])
      await expect(changeIssuer(ports(), testOperator, tenant, { [name]: wrong })).rejects.toThrow(name)
  })

  test('change also where the keys are made at that moment, and do not undo them', async () => {
    await enable()
    await add('ada', ada)
    await add('bob', bob)
    const world = { isFirst: true }
    const store = {
      ...vault.store,
      commit: async (...list: Parameters<TestVault['store']['commit']>) => {
        if (world.isFirst) {
          world.isFirst = false
          await add('eve', eve)
        }
        return vault.store.commit(...list)
      },
    }
    expect(await changeIssuer(ports({ store }), testOperator, tenant, { graceMs: 1 })).toMatchObject({
      ok: true,
    })
    expect(await vault.store.issuer(tenant.id)).toMatchObject({
      cvk: { checkValues },
      settings: { graceMs: 1 },
    })
  })
})

describe('a BIN', () => {
  const addBin = (bin: string, of: Tenant = tenant) => addIssuerBin(ports(), testOperator, of, bin)

  test('is added once to an issuer', async () => {
    await enable()
    expect(await addBin('400000')).toMatchObject({ ok: true, value: { tenantId: tenant.id, bin: '400000' } })
    expect(await entries(1)).toEqual([entryOf('issuer.bin-added', { bin: '400000' })])
    expect(await addBin('400000')).toEqual(refuse({ type: 'BinAddedAlready' }))
    expect(await addBin('40000012')).toMatchObject({ ok: true })
    expect((await vault.store.issuerBins(tenant.id)).map(({ bin }) => bin)).toEqual(['400000', '40000012'])
  })

  test.each(['', '40000', '4000000000', '012345', '40000a', '٤٠٠٠٠٠', ' 400000', '4111111111111111'])(
    'is not %j',
    async (text) => {
      await enable()
      expect(await addBin(text)).toEqual(refuse({ type: 'NotABin' }))
    },
  )

  test('is added to no tenant that is no issuer', async () => {
    expect(await addBin('400000')).toEqual(refuse({ type: 'NotAnIssuer' }))
  })

  test('that overlaps one of another live issuer is taken by nobody else, least of all a test tenant', async () => {
    await enable()
    await addBin('40000012')
    const other = await addTenant(vault, 'other')
    const test = await addTenant(vault, 'test', { environment: 'test' })
    for (const one of [other, test]) {
      await enable(one, 'generate')
      for (const bin of ['40000012', '400000', '400000123'])
        expect(await addBin(bin, one)).toEqual(refuse({ type: 'BinOfAnother' }))
      expect(await addBin('40000013', one)).toEqual(
        one === other ? expect.objectContaining({ ok: true }) : refuse({ type: 'BinOfAnother' }),
      )
    }
  })

  test('of a test tenant is taken by no live issuer, whose numbers nobody would know from those of the test', async () => {
    const test = await addTenant(vault, 'test', { environment: 'test' })
    await enable(test, 'generate')
    await addBin('400000', test)
    await enable()
    for (const bin of ['400000', '40000012'])
      expect(await addBin(bin)).toEqual(refuse({ type: 'BinOfAnother' }))
    expect(await vault.store.issuerBins(tenant.id)).toEqual([])
  })

  test('is one that several test tenants may have', async () => {
    for (const name of ['test', 'other test']) {
      const test = await addTenant(vault, name, { environment: 'test' })
      await enable(test, 'generate')
      expect(await addBin('400000', test)).toMatchObject({ ok: true })
    }
  })

  test('that overlaps one that comes at the same moment goes to one of the two', async () => {
    const other = await addTenant(vault, 'other')
    for (const one of [tenant, other]) await enable(one)
    const both = await Promise.all([addBin('498765'), addBin('4987651', other)])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both).toContainEqual(refuse({ type: 'BinOfAnother' }))
    expect(await vault.store.issuerBins(undefined)).toHaveLength(1)
    const twice = await Promise.all([addBin('512345'), addBin('512345')])
    expect(twice).toContainEqual(refuse({ type: 'BinAddedAlready' }))
  })

  test('is one of so many at most', async () => {
    await enable()
    for (let at = 0; at < issuerLimits.bins; at++) await addBin(String(400_000 + at))
    expect(await addBin('500000')).toEqual(refuse({ type: 'TooManyBins' }))
  })
})

describe('components of the card verification keys', () => {
  test('come one by one, and with the last the keys are made and no component stays', async () => {
    await enable()
    expect(await add('ada', ada)).toMatchObject({
      ok: true,
      value: { count: 1, expected: 3, issuer: { cvk: undefined, componentsExpected: 3 } },
    })
    expect(await add('bob', bob)).toMatchObject({ ok: true, value: { count: 2 } })
    expect((await vault.store.issuer(tenant.id))?.cvk).toBeUndefined()
    expect(await vault.store.cvkComponents(tenant.id)).toHaveLength(2)
    const last = await add('eve', eve)
    expect(last).toMatchObject({ ok: true, value: { count: 3, issuer: { cvk: { checkValues } } } })
    expect(await vault.store.cvkComponents(tenant.id)).toEqual([])
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
    const ofEve = last.ok ? last.value.component.checkValues : undefined
    expect(await entries(2)).toEqual([
      entryOf('issuer.cvk-component-added', {
        custodian: 'eve',
        expected: 3,
        checkValueA: ofEve?.a,
        checkValueB: ofEve?.b,
      }),
      entryOf('issuer.cvk-made', { checkValueA: 'D5D44F', checkValueB: 'A68CDC', components: 3 }),
    ])
    expect(await add('dan', ada)).toEqual(refuse({ type: 'CvkComplete' }))
  })

  test('are one from each custodian, and as many as the first one said', async () => {
    await enable()
    await add('ada', ada)
    const before = await head()
    expect(await add('ada', bob)).toEqual(refuse({ type: 'CustodianTwice' }))
    expect(await add('bob', bob, 2)).toEqual(refuse({ type: 'ComponentCountDiffers', expected: 3 }))
    expect(await head()).toBe(before)
    expect(await vault.store.cvkComponents(tenant.id)).toHaveLength(1)
  })

  test('of a live issuer are two at least, and of a tenant that is no issuer none', async () => {
    expect(await add('ada', ada)).toEqual(refuse({ type: 'NotAnIssuer' }))
    await enable()
    expect(await add('ada', ada, 1)).toEqual(refuse({ type: 'CvkInOnePiece' }))
  })

  test('of which the last ones come at once make one pair of keys', async () => {
    await enable()
    await add('ada', ada)
    const both = await Promise.all([add('bob', bob), add('eve', eve)])
    expect(both.every(({ ok }) => ok)).toBe(true)
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
    expect(await vault.store.cvkComponents(tenant.id)).toEqual([])
  })

  test.each([
    ['ada', 'ada'],
    ['Ada', 'ada'],
  ])('of one custodian that come at once are one: %s, %s', async (...names) => {
    await enable()
    await add('bob', bob)
    const both = await Promise.all(names.map((name) => add(name, ada)))
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both).toContainEqual(refuse({ type: 'CustodianTwice' }))
    expect(await vault.store.cvkComponents(tenant.id)).toHaveLength(2)
  })

  test('are of one custodian however their name is spelled', async () => {
    await enable()
    await add('Zoë Strauß', ada)
    for (const name of ['zoë strauß', 'ZOË Strauß', 'Zoe\u0308 Strauß', 'Ｚoë Strauß', ' Zoë  Strauß '])
      expect([name, await add(name, bob)]).toEqual([name, refuse({ type: 'CustodianTwice' })])
    // As it was typed, for whoever reads the log.
    expect((await entries(1))[0]).toMatchObject({ details: { custodian: 'Zoë Strauß' } })
  })

  test('of which the first ones come at once are as many as one of them says, and the other is told', async () => {
    await enable()
    const both = await Promise.all([add('ada', ada, 3), add('bob', bob, 2)])
    expect(both).toContainEqual(refuse({ type: 'ComponentCountDiffers', expected: both[0].ok ? 3 : 2 }))
    expect(await vault.store.cvkComponents(tenant.id)).toHaveLength(1)
    expect((await vault.store.issuer(tenant.id))?.cvk).toBeUndefined()
  })

  test('of which all come at once make the keys', async () => {
    await enable()
    const all = await Promise.all([add('ada', ada), add('bob', bob), add('eve', eve)])
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
  })

  test('of zeros are taken from nobody, since the keys would be what the others bring', async () => {
    const zeros = ['0000000000000000', '0101010101010101'].flatMap((none) => [
      componentOf(none, '4444444444444444'),
      componentOf('1111111111111111', none),
    ])
    await enable()
    const before = await head()
    for (const component of zeros)
      expect(await add('ada', component)).toEqual(refuse({ type: 'EmptyComponent' }))
    expect(await head()).toBe(before)
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ componentsExpected: undefined })
    const test = await addTenant(vault, 'test', { environment: 'test' })
    for (const component of zeros)
      expect(await enable(test, [ada, component])).toEqual(refuse({ type: 'EmptyComponent' }))
  })

  test('of a live issuer make two keys, not one twice, as they may for a test', async () => {
    const [one, two] = [
      componentOf('4C37C8319D76ADAB', '4C37C8319D76ADAB'),
      componentOf('0123456789ABCDEF', '0022446688AACCEE'),
    ]
    const test = await addTenant(vault, 'test', { environment: 'test' })
    expect(await enable(test, [one, two])).toMatchObject({ ok: true })
    await enable()
    await add('ada', one, 2)
    expect(await add('bob', two, 2)).toEqual(refuse({ type: 'WeakCvk' }))
    expect(await vault.store.cvkComponents(tenant.id)).toEqual([])
    expect((await vault.store.issuer(tenant.id))?.cvk).toBeUndefined()
  })

  test('are counted anew before the keys are made: of those that began again in between not one makes them', async () => {
    await enable()
    await add('ada', ada)
    await add('bob', bob)
    const store = {
      ...vault.store,
      cvkComponents: async (...of: Parameters<TestVault['store']['cvkComponents']>) => {
        const there = await vault.store.cvkComponents(...of)
        if (there.length === 3) {
          await removeCvkComponents(ports(), testOperator, tenant)
          await add('dan', ada)
        }
        return there
      },
    }
    const wish = { custodian: 'eve', component: eve, expected: 3 }
    expect(await addCvkComponent(ports({ store }), testOperator, tenant, wish)).toEqual(
      refuse({ type: 'Contended' }),
    )
    expect(await vault.store.cvkComponents(tenant.id)).toHaveLength(1)
    expect((await vault.store.issuer(tenant.id))?.cvk).toBeUndefined()
  })

  test('that are all here when the program ends make the keys when another comes', async () => {
    await enable()
    await add('ada', ada)
    await add('bob', bob)
    const cvks = { ...vault.cvks, combine: () => Promise.reject(new Error('the program ends')) }
    const wish = { custodian: 'eve', component: eve, expected: 3 }
    await expect(addCvkComponent(ports({ cvks }), testOperator, tenant, wish)).rejects.toThrow('ends')
    expect((await vault.store.issuer(tenant.id))?.cvk).toBeUndefined()
    expect(await add('dan', ada)).toEqual(refuse({ type: 'CvkComplete' }))
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
  })

  test('that make a weak key are all forgotten, and come again', async () => {
    await enable()
    await add('ada', ada, 2)
    expect(await add('bob', ada, 2)).toEqual(refuse({ type: 'WeakCvk' }))
    expect(await vault.store.cvkComponents(tenant.id)).toEqual([])
    expect(await entries(1)).toEqual([entryOf('issuer.changed', { componentsRemoved: 2 })])
    for (const [custodian, component] of Object.entries({ ada, bob, eve })) await add(custodian, component)
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
  })

  test('can be forgotten until the keys are made, for which another number may then be said', async () => {
    expect(await removeCvkComponents(ports(), testOperator, tenant)).toEqual(refuse({ type: 'NotAnIssuer' }))
    await enable()
    await add('ada', ada, 2)
    expect(await removeCvkComponents(ports(), testOperator, tenant)).toEqual(done)
    expect(await vault.store.cvkComponents(tenant.id)).toEqual([])
    for (const [custodian, component] of Object.entries({ ada, bob, eve })) await add(custodian, component)
    expect(await removeCvkComponents(ports(), testOperator, tenant)).toEqual(refuse({ type: 'CvkComplete' }))
    expect(await vault.store.issuer(tenant.id)).toMatchObject({ cvk: { checkValues } })
  })

  test('and the keys that they make are in no entry of the audit log', async () => {
    await enable()
    for (const [custodian, component] of Object.entries({ ada, bob, eve })) await add(custodian, component)
    const texts = (await vault.store.auditEntries(0, 1_000)).map(({ text }) => text.toUpperCase()).join('\n')
    for (const part of ['11111111111111', '22222222222222', '444444444', '888888888', '32107654BA98FEDC'])
      expect(texts).not.toContain(part)
    for (const key of ['0123456789ABCDEF', 'FEDCBA9876543210']) expect(texts).not.toContain(key)
  })
})
