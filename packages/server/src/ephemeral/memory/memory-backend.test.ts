import { reservationMs } from '@cardkeep/core/codes/held-code'
import { unlimitedUses } from '@cardkeep/core/codes/policy'
import { createFixedClock } from '@cardkeep/testing/clock'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  nameBytes,
  type SealedCode,
  type SealedTaker,
  sealedCodeBytes,
  type TakenSealedCode,
} from '../backend.ts'
import { createMemoryBackend, type MemoryBackend } from './memory-backend.ts'
import type { Slots } from './slots.ts'

const watched = vi.hoisted((): { slots: Slots[] } => ({ slots: [] }))

// The backend as it is, but with a view of the memory that it keeps to itself.
vi.mock('./slots.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('./slots.ts')>()
  return {
    ...original,
    createSlots: () => {
      const slots = original.createSlots()
      watched.slots.push(slots)
      return slots
    },
  }
})
afterEach(() => {
  watched.slots.length = 0
})

const nameOf = (at: number): Buffer => {
  const name = Buffer.alloc(nameBytes, 0xee)
  name.writeUInt32BE(at)
  return name
}

const bytesOf = (at: number): Buffer => {
  const bytes = Buffer.alloc(sealedCodeBytes, 1 + (at % 255))
  bytes.writeUInt32BE(at + 1, 8)
  return bytes
}

const sealedAt = (at: number, parts: Partial<SealedCode> = {}): SealedCode => ({
  name: nameOf(at),
  tokenName: nameOf(1_000_000 + at),
  owner: 'owner',
  sealed: bytesOf(at),
  ttlMs: 1_000,
  uses: 1,
  destinations: undefined,
  ...parts,
})

const tokenOf = (at: number): Buffer => nameOf(1_000_000 + at)

/** Where to is told only where a test is about it. */
const by = (token: number, destination = 0): SealedTaker => ({
  tokenName: tokenOf(token),
  destination: nameOf(2_000_000 + destination),
})

const open = (limitPerOwner = 1_000_000) => {
  const clock = createFixedClock()
  const backend = createMemoryBackend({ clock, limitPerOwner })
  const slots = watched.slots.at(-1)
  if (!slots) throw new Error('the backend made no slots')
  return { clock, backend, slots }
}

/** Whether not one byte of a sealed code is in memory; names may be. */
const holdsNoSealedByte = (slots: Slots): boolean =>
  Array.from({ length: slots.top() }, (_, slot) => slots.sealed(slot)).every((bytes) =>
    bytes.every((byte) => byte === 0),
  )

const holdsNothing = (slots: Slots): boolean =>
  holdsNoSealedByte(slots) &&
  Array.from({ length: slots.top() }, (_, slot) => slots.tokenName(slot)).every((bytes) =>
    bytes.every((byte) => byte === 0),
  )

describe('the bytes of a code are no longer in memory once it', () => {
  const ends: readonly (readonly [string, (parts: ReturnType<typeof open>) => Promise<unknown>])[] = [
    ['was dropped', ({ backend }) => backend.drop(nameOf(1))],
    ['lost its token', ({ backend }) => backend.dropToken(tokenOf(1), undefined)],
    ['went with all others', ({ backend }) => backend.dropAll()],
    [
      'expired, though nobody asked for it',
      async ({ backend, clock }) => {
        clock.advance(1_000)
        backend.sweep()
      },
    ],
  ]
  test.each(ends)('%s', async (_, end) => {
    const parts = open()
    await parts.backend.hold(sealedAt(1, { uses: 3 }))
    expect(holdsNoSealedByte(parts.slots)).toBe(false)
    await end(parts)
    expect(holdsNothing(parts.slots)).toBe(true)
  })

  test('had its last use taken, and the rest is gone when the reservation ends', async () => {
    const { backend, clock, slots } = open()
    await backend.hold(sealedAt(1, { uses: 2, ttlMs: 10 * reservationMs }))
    await backend.take(nameOf(1), by(1))
    expect(holdsNoSealedByte(slots)).toBe(false)
    await backend.take(nameOf(1), by(1))
    expect(holdsNoSealedByte(slots)).toBe(true)
    clock.advance(reservationMs - 1)
    backend.sweep()
    expect(holdsNothing(slots)).toBe(false)
    clock.advance(1)
    backend.sweep()
    expect(holdsNothing(slots)).toBe(true)
  })

  test('was replaced by a shorter one', async () => {
    const { backend, slots } = open()
    await backend.hold(sealedAt(1))
    await backend.hold(sealedAt(1, { sealed: Uint8Array.of(5) }))
    const left = Array.from({ length: slots.top() }, (_, slot) => [...slots.sealed(slot)]).flat()
    expect(left.filter((byte) => byte !== 0)).toEqual([5])
  })
})

describe('sweeping', () => {
  test('frees what is past its time, tells how many codes expired, and leaves the rest', async () => {
    const { backend, clock } = open()
    for (const at of [1, 2, 3]) await backend.hold(sealedAt(at, { ttlMs: 1_000 }))
    await backend.hold(sealedAt(4, { ttlMs: 1_001 }))
    await backend.take(nameOf(3), by(3))
    clock.advance(999)
    expect([backend.sweep(), backend.count()]).toEqual([0, 3])
    clock.advance(1)
    expect([backend.sweep(), backend.count()]).toEqual([2, 1])
    expect((await backend.take(nameOf(4), by(4)))?.sealed).toEqual(Buffer.from(bytesOf(4)))
    expect(backend.count()).toBe(0)
  })

  test('asks the clock that never steps', async () => {
    const { backend, clock } = open()
    await backend.hold(sealedAt(1))
    clock.step(365 * 24 * 3_600_000)
    expect(backend.sweep()).toBe(0)
    clock.step(-2 * 365 * 24 * 3_600_000)
    clock.advance(1_000)
    expect(backend.sweep()).toBe(1)
  })

  test('makes room again for the owner of what expired', async () => {
    const { backend, clock } = open(1)
    await backend.hold(sealedAt(1))
    clock.advance(1_000)
    backend.sweep()
    expect([await backend.hold(sealedAt(2)), await backend.hold(sealedAt(3))]).toEqual([
      expect.anything(),
      undefined,
    ])
  })
})

test('100,000 codes are kept apart while the memory grows, and all of it can be used again', async () => {
  const { backend, slots } = open()
  const count = 100_000
  for (let at = 0; at < count; at++) await backend.hold(sealedAt(at))
  expect(backend.count()).toBe(count)
  let wrong = 0
  for (let at = 0; at < count; at++) {
    const taken = await backend.take(nameOf(at), by(at))
    if (!taken || !Buffer.from(bytesOf(at)).equals(taken.sealed)) wrong++
  }
  expect([wrong, backend.count()]).toEqual([0, 0])
  await backend.dropAll()
  await backend.hold(sealedAt(1))
  expect(slots.top()).toBe(count)
})

test('among 100,000 codes a token drops those that came with it, and where it may be sent to stays with each', async () => {
  const { backend } = open()
  const others = 100_000
  const mine = [0, 1, others / 2, others - 1]
  for (let at = 0; at < others; at++) {
    const parts = mine.includes(at) ? { tokenName: tokenOf(others) } : {}
    await backend.hold(sealedAt(at, { ...parts, destinations: [by(at, at % 3).destination] }))
  }
  expect([await backend.dropToken(tokenOf(others), undefined), backend.count()]).toEqual([
    true,
    others - mine.length,
  ])
  expect(await backend.dropToken(tokenOf(others), undefined)).toBe(false)
  let wrong = 0
  for (let at = 0; at < others; at += 7) {
    if ((await backend.take(nameOf(at), by(at, (at + 1) % 3))) !== undefined) wrong++
    if (((await backend.take(nameOf(at), by(at, at % 3))) === undefined) !== mine.includes(at)) wrong++
  }
  expect(wrong).toBe(0)
})

test('a receipt from before the memory grew still fits', async () => {
  const { backend } = open()
  await backend.hold(sealedAt(0))
  const taken = await backend.take(nameOf(0), by(0))
  for (let at = 1; at < 3_000; at++) await backend.hold(sealedAt(at))
  expect(await backend.giveBack(taken?.receipt)).toBe(true)
  expect((await backend.take(nameOf(0), by(0)))?.sealed).toEqual(Buffer.from(bytesOf(0)))
})

/* A model of the same states, as plain as can be: a list of codes, each with the receipts that were given out for it. */

interface ModelCode {
  readonly name: number
  readonly token: number
  readonly owner: string
  readonly bytes: Uint8Array
  readonly endsAt: number
  /** `undefined`: anywhere. */
  readonly destination: number | undefined
  uses: number
  /** `undefined` while it is held. */
  reservedUntil: number | undefined
}

interface ModelReceipt {
  readonly code: ModelCode
  isReturned: boolean
}

interface Model {
  now: number
  codes: ModelCode[]
  readonly receipts: ModelReceipt[]
  readonly holds: { readonly code: ModelCode; readonly uses: number }[]
}

interface Real {
  readonly backend: MemoryBackend
  readonly clock: ReturnType<typeof createFixedClock>
  readonly slots: Slots
  readonly receipts: TakenSealedCode[]
  readonly holds: object[]
}

const limit = 3

const isHeld = (code: ModelCode): boolean => code.reservedUntil === undefined
const isOver = (model: Model, code: ModelCode): boolean => (code.reservedUntil ?? code.endsAt) <= model.now
const remove = (model: Model, code: ModelCode): void => {
  model.codes = model.codes.filter((other) => other !== code)
}
const find = (model: Model, name: number): ModelCode | undefined =>
  model.codes.find((code) => code.name === name)

type Command = fc.AsyncCommand<Model, Real, false>

const agree = (model: Model, { backend, slots }: Real): void => {
  expect(backend.count()).toBe(model.codes.filter(isHeld).length)
  const inUse = Array.from({ length: slots.top() }, (_, slot) => slot).filter(
    (slot) => slots.columns().state[slot] !== 0,
  )
  expect(inUse).toHaveLength(model.codes.length)
}

const command = (label: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real)
    agree(model, real)
  },
  toString: () => label,
})

const hold = (
  name: number,
  token: number,
  owner: string,
  ttlMs: number,
  uses: number,
  destination: number | undefined,
  seed: number,
): Command =>
  command(
    `hold(${[name, token, owner, ttlMs, uses, destination].join(', ')})`,
    async (model, { backend, holds }) => {
      const before = find(model, name)
      const replaces = before !== undefined && isHeld(before)
      const counted = model.codes.filter((code) => code.owner === owner && isHeld(code)).length
      const isRefused = !replaces && counted >= limit
      const held = await backend.hold({
        name: nameOf(name),
        tokenName: tokenOf(token),
        owner,
        sealed: bytesOf(seed),
        ttlMs,
        uses,
        destinations: destination === undefined ? undefined : [by(token, destination).destination],
      })
      expect(held !== undefined).toBe(!isRefused)
      if (!held) return
      if (before) remove(model, before)
      const bytes = bytesOf(seed)
      const endsAt = model.now + ttlMs
      const code = { name, token, owner, bytes, endsAt, destination, uses, reservedUntil: undefined }
      model.codes.push(code)
      model.holds.push({ code, uses })
      holds.push(held)
    },
  )

const take = (name: number, token: number, destination: number): Command =>
  command(`take(${name}, ${token}, ${destination})`, async (model, { backend, receipts }) => {
    const taken = await backend.take(nameOf(name), by(token, destination))
    const code = find(model, name)
    const isAllowed = code?.destination === undefined || code.destination === destination
    if (!code || !isHeld(code) || isOver(model, code) || code.token !== token || !isAllowed) {
      expect(taken).toBeUndefined()
      return
    }
    expect(taken && [...taken.sealed]).toEqual([...code.bytes])
    if (taken) receipts.push(taken)
    model.receipts.push({ code, isReturned: false })
    if (code.uses === unlimitedUses) return
    code.uses--
    if (code.uses === 0) code.reservedUntil = model.now + reservationMs
  })

const giveBack = (pick: number): Command => ({
  ...command(`giveBack(#${pick})`, async (model, { backend, receipts }) => {
    const at = pick % model.receipts.length
    const receipt = model.receipts[at]
    const returned = await backend.giveBack(receipts[at]?.receipt)
    if (!receipt) throw new Error('a receipt that the model does not know')
    const { code } = receipt
    const isThere = model.codes.includes(code)
    const comesBack = isThere && !receipt.isReturned && !isOver(model, code) && code.endsAt > model.now
    expect(returned).toBe(comesBack)
    if (comesBack) {
      if (code.uses !== unlimitedUses || !isHeld(code)) code.uses++
      code.reservedUntil = undefined
    } else if (isThere && !receipt.isReturned) remove(model, code)
    receipt.isReturned = true
  }),
  check: (model) => model.receipts.length > 0,
})

const drop = (name: number): Command =>
  command(`drop(${name})`, async (model, { backend }) => {
    const code = find(model, name)
    expect(await backend.drop(nameOf(name))).toBe(code !== undefined && isHeld(code) && !isOver(model, code))
    if (code) remove(model, code)
  })

const undoHold = (pick: number): Command => ({
  ...command(`undoHold(#${pick})`, async (model, { backend, holds }) => {
    const at = pick % model.holds.length
    const hold = model.holds[at]
    if (!hold) throw new Error('a hold that the model does not know')
    const { code, uses } = hold
    const isWhole = model.codes.includes(code) && isHeld(code) && !isOver(model, code) && code.uses === uses
    expect(await backend.undoHold(holds[at])).toBe(isWhole)
    remove(model, code)
  }),
  check: (model) => model.holds.length > 0,
})

const dropToken = (token: number, owner: string | undefined): Command =>
  command(`dropToken(${token}, ${owner})`, async (model, { backend }) => {
    const codes = model.codes.filter(
      (code) => code.token === token && (owner === undefined || code.owner === owner),
    )
    const wasHeld = codes.some((code) => isHeld(code) && !isOver(model, code))
    expect(await backend.dropToken(tokenOf(token), owner)).toBe(wasHeld)
    for (const code of codes) remove(model, code)
  })

const dropAll = (): Command =>
  command('dropAll', async (model, { backend }) => {
    await backend.dropAll()
    model.codes = []
  })

const sweep = (): Command =>
  command('sweep', async (model, { backend }) => {
    const over = model.codes.filter((code) => isOver(model, code))
    expect(backend.sweep()).toBe(over.filter(isHeld).length)
    for (const code of over) remove(model, code)
  })

const advance = (ms: number): Command =>
  command(`advance(${ms})`, async (model, { clock }) => {
    clock.advance(ms)
    model.now += ms
  })

test('whatever is done in whatever order, it does as the states say', async () => {
  const name = fc.nat(3)
  const token = fc.nat(1)
  const owner = fc.constantFrom('a', 'b')
  const ttlMs = fc.constantFrom(1_000, reservationMs, 4 * reservationMs)
  const uses = fc.constantFrom(unlimitedUses, 1, 1, 2, 3)
  const limitedTo = fc.constantFrom(undefined, undefined, 0, 1)
  const commands = fc.commands<Model, Real, false>(
    [
      fc.tuple(name, token, owner, ttlMs, uses, limitedTo, fc.nat(200)).map((parts) => hold(...parts)),
      fc.tuple(name, token, owner, ttlMs, uses, limitedTo, fc.nat(200)).map((parts) => hold(...parts)),
      fc.tuple(name, token, fc.nat(1)).map((parts) => take(...parts)),
      fc.tuple(name, token, fc.nat(1)).map((parts) => take(...parts)),
      fc.tuple(name, token, fc.nat(1)).map((parts) => take(...parts)),
      fc.nat(50).map(giveBack),
      fc.nat(50).map(giveBack),
      name.map(drop),
      fc.nat(50).map(undoHold),
      fc.nat(50).map(undoHold),
      fc.tuple(token, fc.option(owner, { nil: undefined })).map((parts) => dropToken(...parts)),
      fc.constant(dropAll()),
      fc.constant(sweep()),
      fc.constantFrom(1, 999, 1_000, reservationMs - 1, reservationMs, 2 * reservationMs).map(advance),
    ],
    { maxCommands: 40 },
  )
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await fc.asyncModelRun(
        () => ({
          model: { now: 0, codes: [], receipts: [], holds: [] },
          real: { ...open(limit), receipts: [], holds: [] },
        }),
        sequence,
      )
    }),
    { seed: 1, numRuns: 600 },
  )
})
