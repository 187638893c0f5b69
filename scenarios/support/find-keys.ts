import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { listFolder } from '@cardkeep/testing/canary/chunks'
import { formsOf } from './text-forms.ts'

/** Files below a folder in which one of these keys stands: its bytes or its hexadecimal digits, in whatever form. */
export const findKeys = (folder: string, keys: readonly string[]): readonly string[] => {
  const forms = keys.flatMap((key) => [
    ...formsOf(Buffer.from(key, 'hex')),
    ...formsOf(Buffer.from(key.toUpperCase())),
    ...formsOf(Buffer.from(key.toLowerCase())),
  ])
  // Of hexadecimal digits either case will do; base64 that is the same but for its case does not come by chance.
  const texts = forms.map((form) => (typeof form === 'string' ? form : form.toString('latin1')).toLowerCase())
  return listFolder(folder)
    .filter((file) => {
      const text = readFileSync(file, 'latin1').toLowerCase()
      return texts.some((one) => text.includes(one))
    })
    .map((file) => relative(folder, file))
}
