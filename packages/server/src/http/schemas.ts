import { Type } from 'typebox'

/* Pieces of schemas that several dialects have in common. What a vendor's API says stands in the `wire.ts` of its dialect. */

/** A word of a list; `unlessGiven` is the one that a caller means who says none. */
export const oneOf = <const Word extends string>(words: readonly Word[], unlessGiven?: Word) =>
  Type.Unsafe<Word>({
    ...{ type: 'string', enum: [...words] },
    ...(unlessGiven !== undefined && { default: unlessGiven }),
  })

/** There is none. */
export const noBody = Type.Null()

/** The header by which a caller narrows the policy for one code. Cardkeep's own. */
export const codePolicyHeader = {
  'Cardkeep-Code-Policy': Type.Optional(
    Type.String({ description: 'Narrows for how long, how often and where the code serves' }),
  ),
}

/** The header that makes a request safe to repeat, by the name that its dialect has for it. */
export const onceHeader = (name: string) => ({
  [name]: Type.Optional(
    Type.String({ description: 'Makes it safe to send the same request again for a day' }),
  ),
})

/**
 * For a class of characters that no text holds that is told again: controls, those of the direction of writing too, ends of
 * lines of any kind, and halves of characters.
 */
export const unwritten = String.raw`\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}`

/** The beginning of a pattern: whoever types a card number for a name, in whatever digits, is refused. */
export const fewerThanTwelveDigits = String.raw`^(?!(?:\P{N}*\p{N}){12})`
