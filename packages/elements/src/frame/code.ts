import { codeLengths, type Scheme } from '@cardkeep/core/cards/scheme'
import type { FieldError } from '../protocol/public.ts'
import { digitsIn } from './digits.ts'

export const formatCode = (text: string, scheme: Scheme): string =>
  digitsIn(text).slice(0, Math.max(...codeLengths[scheme]))

export const judgeCode = (text: string, scheme: Scheme): FieldError | undefined => {
  const { length } = digitsIn(text)
  if (length === 0) return 'empty'
  if (codeLengths[scheme].includes(length)) return undefined
  // A code may be typed before the number, whose scheme then has shorter ones.
  return length > Math.max(...codeLengths[scheme]) ? 'invalid' : 'incomplete'
}
