import { InvalidArgumentError, Option } from 'commander'

export const jsonOption = (): Option => new Option('--json', 'one JSON object on standard output')

export const asInteger =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`a whole number from ${min} to ${max}`)
    return value
  }

export const asOneOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const value = allowed.find((known) => known === text)
    if (value === undefined) throw new InvalidArgumentError(`one of ${allowed.join(', ')}`)
    return value
  }

/** Origins with commas between them, each as a URL spells it. */
export const asOrigins =
  (max: number) =>
  (text: string): readonly string[] => {
    const origins = text.split(',').map((part) => part.trim())
    if (origins.length > max || !origins.every(isOrigin))
      throw new InvalidArgumentError(
        `1 to ${max} of https://HOST[:PORT], in lower case and nothing behind it`,
      )
    return origins
  }

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.parse(text)?.origin === text

/** For an option that may come several times, or once with commas. */
export const asListOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string, before: readonly T[] = []): readonly T[] => [
    ...before,
    ...text.split(',').map((part) => asOneOf(allowed)(part.trim())),
  ]

/** For an option of free text that may come several times. */
export const asTexts = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]
