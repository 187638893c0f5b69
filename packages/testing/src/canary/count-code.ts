import { listFolder, readChunks } from './chunks.ts'

export type CodeForm = 'plain' | 'hex' | 'base64'

/**
 * How often a security code stands in the files below a folder. Three digits occur by chance wherever there is data,
 * so a test compares: it holds the same code many times, and there must be far fewer of it than it held.
 */
export const countCode = (folder: string, code: string): Record<CodeForm, number> => {
  const forms = Object.entries(formsOf(code)) as [CodeForm, readonly string[]][]
  const counts: Record<CodeForm, number> = { plain: 0, hex: 0, base64: 0 }
  for (const file of listFolder(folder))
    for (const { text, repeated } of readChunks(file, 2 * code.length))
      for (const [form, needles] of forms)
        for (const needle of needles) counts[form] += countNew(text, needle, repeated)
  return counts
}

const formsOf = (code: string): Record<CodeForm, readonly string[]> => ({
  plain: [code],
  hex: [Buffer.from(code, 'latin1').toString('hex')],
  base64: [0, 1, 2].map((before) => base64Core(code, before)),
})

/** The characters of base64 that the text alone decides when so many bytes stand before it in its group. */
const base64Core = (text: string, before: number): string => {
  const encoded = Buffer.from('\0'.repeat(before) + text, 'latin1').toString('base64')
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + text.length) * 8) / 6))
}

/** Occurrences that do not stand whole in what the chunk before ended with. */
const countNew = (text: string, needle: string, repeated: number): number => {
  let count = 0
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
    if (at + needle.length > repeated) count++
  return count
}
