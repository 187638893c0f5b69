import manifest from '../package.json' with { type: 'json' }

/** The version of Cardkeep, as its package says. */
export const { version } = manifest
