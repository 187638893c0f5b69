import { readFileSync } from 'node:fs'
import { type CvkComponent, issuerLimits } from '@cardkeep/core/issuing/issuer'
import { Secret } from '@cardkeep/core/kernel/secret'
import { CommandFailure } from './failure.ts'

const keyForm = /^[\dA-Fa-f]{16}$/
/** No file of this form is longer; more would be read in vain. */
const lengthAtMost = 4_096

/**
 * All components of a pair of card verification keys, each with its part of A and of B. No failure repeats what was read:
 * it may be a key.
 */
export const readComponents = (file: string): readonly CvkComponent[] => {
  const fields = readFields(file)
  const [a, b] = [readKeys(fields['cvk_a_components']), readKeys(fields['cvk_b_components'])]
  if (!a || !b || a.length !== b.length)
    throw new CommandFailure(
      `--cvk: {"cvk_a_components": […], "cvk_b_components": […]} with as many of each, 1 to ${issuerLimits.components} times 16 hexadecimal digits`,
    )
  return a.map((key, at) => ({ a: key, b: b[at] ?? key }))
}

/** What one custodian brings; in the form of several it is a list of one. */
export const readComponent = (file: string): CvkComponent => {
  const fields = readFields(file)
  const [a, ...moreA] = readKeys(fields['cvk_a_component'] ?? fields['cvk_a_components']) ?? []
  const [b, ...moreB] = readKeys(fields['cvk_b_component'] ?? fields['cvk_b_components']) ?? []
  if (!a || !b || moreA.length > 0 || moreB.length > 0)
    throw new CommandFailure(
      '--cvk: {"cvk_a_component": "…", "cvk_b_component": "…"} with 16 hexadecimal digits each: one component, and no more',
    )
  return { a, b }
}

const readKeys = (value: unknown): readonly Secret<string>[] | undefined => {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.length === 0 || texts.length > issuerLimits.components) return undefined
  const keys = texts.flatMap((text) =>
    typeof text === 'string' && keyForm.test(text) ? [new Secret(text)] : [],
  )
  return keys.length === texts.length ? keys : undefined
}

const readFields = (file: string): Readonly<Record<string, unknown>> => {
  const text = readText(file)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** `-` is standard input, which leaves nothing on the disk. */
const readText = (file: string): string => {
  try {
    const text = readFileSync(file === '-' ? process.stdin.fd : file, 'utf8')
    return text.length > lengthAtMost ? '' : text
  } catch {
    throw new CommandFailure(file === '-' ? '--cvk: nothing could be read' : '--cvk: its file cannot be read')
  }
}
