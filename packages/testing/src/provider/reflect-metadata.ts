/*
 * The certificate library builds on one that stores notes about classes through `Reflect`, by a proposal that was never
 * adopted, and refuses to load without it. These are the three functions that it calls.
 */

const notes = new WeakMap<object, Map<unknown, unknown>>()

const getOwnMetadata = (key: unknown, target: object): unknown => notes.get(target)?.get(key)

const getMetadata = (key: unknown, target: object): unknown => {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at))
    if (notes.get(at)?.has(key)) return getOwnMetadata(key, at)
  return undefined
}

const defineMetadata = (key: unknown, value: unknown, target: object): void => {
  notes.set(target, (notes.get(target) ?? new Map()).set(key, value))
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata })
