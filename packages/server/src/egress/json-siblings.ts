import { meansCode, namesField } from './field-names.ts'
import { readString, walkJson } from './json-walk.ts'

/**
 * Where those objects of a JSON text begin of which a member says that they are about a security code, as in
 * `{"name": "cvv", "value": 123}` or `{"input": 123, "loc": ["body", "cvv"]}`. That member may come after the value,
 * so they are looked for before anything is covered.
 */
export const findCodeObjects = (text: string): ReadonlySet<number> => {
  const found = new Set<number>()
  let isName = false
  walkJson(text, ({ type, from, to, object }) => {
    if (type === 'key') isName = namesField(readString(text.slice(from, to)))
    else if (type === 'string' && isName && isCodeName(text.slice(from, to))) found.add(object)
  })
  return found
}

/** A longer text is a message, not a name. */
const maxNameLength = 100

const isCodeName = (token: string): boolean => token.length <= maxNameLength && meansCode(readString(token))
