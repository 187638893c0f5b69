import { stat } from 'node:fs/promises'
import { constants, getPriority, setPriority } from 'node:os'

/** As `nice` does: beside a thread that has work as well, this one gets a tenth of a core. */
const steps = 10

/**
 * Lets every other thread go first where they do not all find a core. On Linux alone: elsewhere it would be the whole process.
 * What may not be set stays as it is.
 */
export const lowerPriority = async (): Promise<void> => {
  if (process.platform !== 'linux') return
  try {
    // Threads begin with the priority of the one that starts them, and those that wait for files and do cryptography for the
    // whole process are started by whoever first has work for them: which is to have been before.
    await stat('/')
    setPriority(0, Math.min(getPriority(0) + steps, constants.priority.PRIORITY_LOW))
  } catch {}
}
