import { findProgram } from './programs.ts'

/** The path of a browser to use instead of the one that is found. */
const chromiumVariable = 'CARDKEEP_TEST_CHROMIUM'

/** The browser of this machine, or none. */
export const findChromium = (): string | undefined => process.env[chromiumVariable] || findProgram('chromium')
