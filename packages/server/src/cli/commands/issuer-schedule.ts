import { hourOf, planCalendar } from '@cardkeep/core/issuing/calendar'
import { epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { drawCalendar } from '../draw-calendar.ts'
import { asInteger, jsonOption } from '../options.ts'
import { findIssuer } from './issuer-rotate.ts'

export const scheduleCommand = (): Command =>
  new Command('schedule')
    .description('how many CVVs rotate in each of the coming hours, if nobody forces or changes any')
    .option('--tenant <name>', 'of this issuer alone')
    .option('--hours <count>', 'how far to look, 1 to 744', asInteger(1, hoursAtMost), 24)
    .addOption(jsonOption())
    .action((options: { tenant?: string; hours: number; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenantId = await findIssuer(vault, options.tenant)
        const at = vault.clock.now()
        const { hours } = options
        const until = epochMs(hourOf(at) + hours * hourMs)
        const ahead = await vault.store.rotationsAhead({ at, until, stepMs: hourMs, tenantId })
        const calendar = planCalendar(ahead, { at, hours })
        if (options.json)
          return out.answer({
            hours: calendar.map((hour) => ({ at: spellTime(hour.at), cards: hour.cards })),
          })
        for (const line of drawCalendar(calendar)) out.say(line)
      }),
    )

const hoursAtMost = 31 * 24

const spellTime = (at: number): string => new Date(at).toISOString()
