import type { AxeResults, RunOptions } from 'axe-core'
import axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'

/** What axe finds serious or critical in a page and in each frame of it, one line each. */
export const findBarriers = async (page: Page): Promise<readonly string[]> => {
  const found = await Promise.all(page.frames().map(examine))
  return found.flat()
}

const grave: readonly (string | null | undefined)[] = ['serious', 'critical']

const examine = async (frame: Frame): Promise<readonly string[]> => {
  // Through the debugger, so that the page's own policy for scripts stays as it is.
  await frame.evaluate(axe.source)
  const options: RunOptions = { iframes: false, resultTypes: ['violations'] }
  const { violations } = await frame.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`)
  return violations
    .filter(({ impact }) => grave.includes(impact))
    .map(({ id, help, nodes }) => `${new URL(frame.url()).pathname} ${id}: ${help} (${nodes[0]?.html})`)
}
