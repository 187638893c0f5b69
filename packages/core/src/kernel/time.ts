import type { Brand } from './brand.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Brand<number, 'EpochMs'>

/** Milliseconds on a clock that never steps; it says how long something took, not when it was. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>

export const epochMs = (value: number): EpochMs => value as EpochMs

export const monotonicMs = (value: number): MonotonicMs => value as MonotonicMs

export const secondMs = 1_000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs
export const yearMs = 365 * dayMs
