import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Clock } from '@cardkeep/core/ports'
import { hellgate } from '../dialects/hellgate/routes.ts'
import { ozura } from '../dialects/ozura/routes.ts'
import { createPismo } from '../dialects/pismo/routes.ts'
import { createVerifone } from '../dialects/verifone/routes.ts'
import type { Dialect } from '../http/dialect.ts'

/** Every API that there is; the settings say which of them are offered. */
export const createDialects = (clock: Pick<Clock, 'now'>): Partial<Record<DialectName, Dialect>> => ({
  ozura,
  hellgate,
  verifone: createVerifone(clock),
  pismo: createPismo(clock),
})
