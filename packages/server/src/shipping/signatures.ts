/*
 * How far a sink has the signatures of a chain stands beside how far it has the entries: a signature is made some time
 * after the entries that it covers were sent.
 */

/** Names of sinks have no space. */
const suffix = ' (signatures)'

export const signaturesOf = (sink: string): string => `${sink}${suffix}`

export const isOfSignatures = (name: string): boolean => name.endsWith(suffix)
