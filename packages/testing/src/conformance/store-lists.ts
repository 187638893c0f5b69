import type { Change } from '@cardkeep/core/changes'
import { expect, test } from 'vitest'
import { type Bench, conflict, made } from './bench.ts'
import { countEntries } from './count-entries.ts'

/** A list of changes is one thing, and nobody else's concern. */
export const listConformance = (bench: Bench): void => {
  test('an empty list commits', async () => {
    expect(await bench.store.commit([])).toEqual(made)
  })

  test('a conflict in the last change leaves nothing of the changes before it', async () => {
    const { store, records, put } = bench
    const tenant = records.tenant()
    await put({ type: 'put-tenant', tenant })
    const scope = records.scope()
    const credential = records.credential(tenant)
    const result = await store.commit([
      { type: 'put-scope', scope },
      { type: 'put-credential', credential },
      { type: 'seal-vault', sealed: true },
      records.audit(),
      { type: 'put-tenant', tenant },
    ])
    expect(result).toEqual(conflict('put-tenant'))
    expect(await store.scope(scope.id)).toBeUndefined()
    expect(await store.credential(credential.id)).toBeUndefined()
    expect(await store.isSealed()).toBe(false)
    expect(await countEntries(store)).toBe(0)
  })

  test('a change finds what the changes before it in its list have made', async () => {
    const { store, records, put } = bench
    const tenant = records.tenant()
    const scope = records.scope()
    await put(
      { type: 'put-tenant', tenant },
      { type: 'put-scope', scope },
      { type: 'link-scope', scopeId: scope.id, tenantId: tenant.id },
      { type: 'seal-vault', sealed: true },
      { type: 'seal-vault', sealed: false },
    )
    expect(await store.isLinked(scope.id, tenant.id)).toBe(true)
    expect(await store.isSealed()).toBe(false)
  })

  test('one conflict among 64 lists at once is its caller’s alone', async () => {
    const { store, records, put } = bench
    const taken = records.tenant()
    await put({ type: 'put-tenant', tenant: taken })
    const tenants = Array.from({ length: 64 }, (_, at) => (at === 31 ? { ...taken } : records.tenant()))
    const lists = tenants.map((tenant): Change[] => [{ type: 'put-tenant', tenant }, records.audit()])
    const results = await Promise.all(lists.map((list) => store.commit(list)))
    expect(results.map(({ ok }) => ok)).toEqual(tenants.map((_, at) => at !== 31))
    expect(results[31]).toEqual(conflict('put-tenant'))
    expect(await store.tenants()).toHaveLength(64)
    expect(await countEntries(store)).toBe(63)
  })

  test('of lists at once that want the same place exactly one gets it', async () => {
    const { store, records } = bench
    const lists = Array.from({ length: 20 }, (): Change[] => [
      { type: 'put-tenant', tenant: records.tenant({ name: 'wanted' }) },
    ])
    const results = await Promise.all(lists.map((list) => store.commit(list)))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await store.tenants()).toHaveLength(1)
  })

  test('a list that breaks fails alone', async () => {
    const { store, records } = bench
    const tenant = records.tenant()
    const broken = { ...records.tenant(), id: 'no id at all' } as typeof tenant
    const results = await Promise.allSettled([
      store.commit([{ type: 'put-tenant', tenant: broken }]),
      store.commit([{ type: 'put-tenant', tenant }]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(await store.tenants()).toEqual([tenant])
  })

  test('another store on the same data sees what was committed', async () => {
    const { records, put, openAnother } = bench
    const another = await openAnother()
    const tenant = records.tenant()
    await put({ type: 'put-tenant', tenant })
    expect(await another.tenantNamed(tenant.name)).toEqual(tenant)
  })
}
