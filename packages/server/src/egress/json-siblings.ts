import { type FieldKind, kindOfField, namesField } from './field-names.ts'
import { readString, walkJson } from './json-walk.ts'

/** By where they begin. */
export type NamedObjects = ReadonlyMap<number, Extract<FieldKind, 'code' | 'account'>>

/**
 * Those objects of a JSON text of which a member says that they are about a security code or an account, as in
 * `{"name": "cvv", "value": 123}` or `{"input": 123, "loc": ["body", "cvv"]}`. That member may come after the value,
 * so they are looked for before anything is covered.
 */
export const findNamedObjects = (text: string): NamedObjects => {
  const found = new Map<number, 'code' | 'account'>()
  let isName = false
  walkJson(text, ({ type, from, to, object }) => {
    if (type === 'key') isName = namesField(readString(text.slice(from, to)))
    else if (type === 'string' && isName) {
      const kind = kindOfName(text.slice(from, to))
      // Of two names, as in a path, the code's is the one that says more.
      if (kind === 'code' || (kind === 'account' && !found.has(object))) found.set(object, kind)
    }
  })
  return found
}

/** A longer text is a message, not a name. */
const maxNameLength = 100

const kindOfName = (token: string): FieldKind =>
  token.length <= maxNameLength ? kindOfField(readString(token)) : 'other'
