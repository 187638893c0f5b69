/**
 * What the name of a field, header or parameter says of its value. Three digits occur everywhere; a name is all there is
 * to tell a security code or a short account number from a price.
 */
export type FieldKind = 'code' | 'account' | 'amount' | 'other'

export const kindOfField = (name: string): FieldKind => {
  const joined = joinedName(name)
  if (codeInName.test(joined) || codeAsName.test(joined)) return 'code'
  if (amountInName.test(joined) || wordsOf(name).some((word) => amountWords.has(word))) return 'amount'
  return accountInName.test(joined) ? 'account' : 'other'
}

const joinedName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Whether the value of a field so called names a field: `{"name": "cvv", "value": 123}`. */
export const namesField = (name: string): boolean => fieldInName.test(name)

const fieldInName = /(?:name|field|param|parameter|property|attribute|key|path|pointer|loc|location|label)$/i

/** Names that schemes and processors use, wherever they stand in a longer one. */
const codeInName =
  /cvv|cvc|cvn|cvd|cav2|security(?:code|value|number|digits)|cardcode|cardverification|verification(?:code|value|number|data|digits)/

/** These are too short to be looked for inside other words. */
const codeAsName = /^(?:card|cc)?(?:cid|csc|cav|cvx|cv2)\d?(?:code|value|number)?$/

const accountInName = /account|acct|bank/

const amountInName = /amount|quantity|currency|status/

const amountWords: ReadonlySet<string> = new Set(
  'amt qty price prices total subtotal sum balance fee fees tax count cents units'.split(' '),
)

/** `unitPrice`, `unit_price` and `UNIT-PRICE` are the words `unit` and `price`; `account` is no `count`. */
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
