import { UnavailableError } from '@cardkeep/core/errors'
import { ConfigError } from '../config.ts'
import { KeyError } from '../keys/key-error.ts'
import { scrubCardNumbers } from '../log/scrub.ts'
import { CommandFailure } from './failure.ts'

/**
 * One line for whoever typed the command. Messages of foreign errors may quote data, so only their names are shown; our
 * own may quote a name that was a card number.
 */
export const explain = (error: unknown): string => {
  if (
    error instanceof CommandFailure ||
    error instanceof ConfigError ||
    error instanceof KeyError ||
    error instanceof UnavailableError
  )
    return scrubCardNumbers(error.message.replaceAll(/\s+/g, ' '))
  if (isSystemError(error))
    return `${error.syscall} failed: ${error.code}${error.port ? ` (port ${error.port})` : ''}`
  return `failed unexpectedly (${error instanceof Error ? error.name : typeof error})`
}

type SystemError = Error & { readonly code: string; readonly syscall: string; readonly port?: number }

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && 'syscall' in error && 'code' in error
