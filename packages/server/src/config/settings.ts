import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'

/** Names of settings and what was given for them; an empty one is as none. */
export type Settings = Readonly<Record<string, string | undefined>>

/** A setting that cannot be used; the message names it and says what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export const readInteger = (
  settings: Settings,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number => {
  const text = settings[name]
  if (!text) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}`)
  return value
}

/** The path of a file that can be read now, absolute, or `undefined` where none is named. */
export const readFilePath = (settings: Settings, name: string): string | undefined => {
  const text = settings[name]
  if (!text) return undefined
  const path = resolve(text)
  if (readText(path) === undefined) throw new ConfigError(`${name} names ${path}, which cannot be read`)
  return path
}

/** The text of a file, or `undefined` where it cannot be read. */
export const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

// A name may begin with 127 and lead anywhere.
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
