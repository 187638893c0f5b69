import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import { systemClock } from '../clock.ts'
import { hellgate } from '../dialects/hellgate/routes.ts'
import { ozura } from '../dialects/ozura/routes.ts'
import { createPismo } from '../dialects/pismo/routes.ts'
import { createVerifone } from '../dialects/verifone/routes.ts'
import type { Dialect } from '../http/dialect.ts'

/** Every API that there is; the settings say which of them are offered. */
export const dialects: Partial<Record<DialectName, Dialect>> = {
  ozura,
  hellgate,
  verifone: createVerifone(systemClock),
  pismo: createPismo(systemClock),
}
