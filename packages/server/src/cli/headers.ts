import { readFileSync } from 'node:fs'
import { isProviderHeader } from '@cardkeep/core/destinations/headers'
import { Secret } from '@cardkeep/core/kernel/secret'
import { CommandFailure } from './failure.ts'

export interface WantedHeader {
  /** In lower case. */
  readonly name: string
  readonly value: Secret<string>
}

/**
 * Reads `Name: VALUE`, or `Name: @FILE` with the value in a file, which keeps it out of the shell's history and out of
 * the list of processes. It fails with a message of its own, because commander's would repeat the value.
 */
export const readHeaders = (texts: readonly string[]): readonly WantedHeader[] => {
  const headers: WantedHeader[] = []
  for (const text of texts) {
    const header = readHeader(text)
    if (headers.some(({ name }) => name === header.name))
      throw new CommandFailure(`--header ${header.name} came twice`)
    headers.push(header)
  }
  return headers
}

const readHeader = (text: string): WantedHeader => {
  const colon = text.indexOf(':')
  if (colon < 1) throw new CommandFailure("--header is 'Name: VALUE' or 'Name: @FILE'")
  const name = text.slice(0, colon).toLowerCase()
  const written = text.slice(colon + 1).trim()
  const value = written.startsWith('@') ? readValue(written.slice(1)) : written
  if (!isProviderHeader(name, value))
    throw new CommandFailure(
      '--header takes a name and one line of printable text, and nothing that speaks of the connection or the body',
    )
  return { name, value: new Secret(value) }
}

const readValue = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new CommandFailure('--header: its file cannot be read')
  }
}
