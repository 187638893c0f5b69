import fc from 'fast-check'

/*
 * Bodies in each format, spelled in the ways that it has, with what they mean. The pieces of their texts are the caller's:
 * they may be placeholders, which mean a value.
 */

/** A text as it is spelled in a template before its format escapes it, and as it arrives. */
export interface Piece {
  readonly spelled: string
  readonly meant: string
  /** A number without quotation marks, where it stands alone in JSON. */
  readonly isNumber?: true
}

interface Spelt {
  readonly spelled: string
  readonly meant: string
}

export const drawJson = (piece: fc.Arbitrary<Piece>, bareNumbers: readonly string[]): fc.Arbitrary<Spelt> => {
  const ways = fc.nat({ max: 255 })
  const text = fc.tuple(fc.array(piece, { maxLength: 4 }), ways).map(([pieces, way]): Spelt => {
    const [only] = pieces
    const isNumber = pieces.length === 1 && only?.isNumber
    const meant = textOf(pieces, 'meant')
    return {
      spelled: `"${inJson(textOf(pieces, 'spelled'), way)}"`,
      meant: isNumber ? meant : JSON.stringify(meant),
    }
  })
  const literal = fc
    .oneof(
      fc.constantFrom('null', 'true', '-0', '10.00', '1E400', '12345678901234567890', '[]', '{}'),
      fc.stringMatching(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,5})?(?:[eE][+-]?\d{1,3})?$/),
    )
    .map((spelled): Spelt => ({ spelled, meant: spelled }))
  const space = fc.constantFrom('', '', ' ', '\n\t', '\r\n')
  const key = fc.constantFrom('a', 'b', '10', '2', '', '__proto__', 'é', '"', 'x\\y', 'constructor')
  return fc.letrec<{ tree: Spelt }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      { weight: 4, arbitrary: text },
      { weight: 1, arbitrary: literal },
      ...bareNumbers.map((spelled) => ({
        weight: 1,
        arbitrary: fc.constant<Spelt>({ spelled, meant: '7' }),
      })),
      {
        weight: 2,
        arbitrary: fc.tuple(fc.array(tie('tree'), { maxLength: 3 }), space).map(([items, gap]) => ({
          spelled: `[${items.map(({ spelled }) => gap + spelled).join(`${gap},`)}${gap}]`,
          meant: `[${items.map(({ meant }) => meant).join(',')}]`,
        })),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(
            fc.uniqueArray(fc.tuple(key, tie('tree'), ways), { maxLength: 4, selector: ([name]) => name }),
            space,
          )
          .map(([fields, gap]) => ({
            spelled: `{${fields
              .map(([name, { spelled }, way]) => `${gap}"${inJson(name, way)}"${gap}:${spelled}`)
              .join(`${gap},`)}${gap}}`,
            meant: `{${fields.map(([name, { meant }]) => `${JSON.stringify(name)}:${meant}`).join(',')}}`,
          })),
      },
    ),
  })).tree
}

interface SpeltForm {
  readonly spelled: string
  readonly meant: readonly (readonly [string, string])[]
}

export const drawForm = (piece: fc.Arbitrary<Piece>): fc.Arbitrary<SpeltForm> => {
  const name = fc.constantFrom('a', 'b[]', 'a', 'é', '=', '&', '', '__proto__', 'x y')
  const field = fc.tuple(name, fc.array(piece, { maxLength: 4 }), fc.nat({ max: 255 }))
  return fc.array(field, { minLength: 1, maxLength: 5 }).map((fields) => ({
    spelled: fields
      .map(([key, pieces, way]) => `${inForm(key, way)}=${inForm(textOf(pieces, 'spelled'), way)}`)
      .join('&'),
    meant: fields.map(([key, pieces]) => [key, textOf(pieces, 'meant')] as const),
  }))
}

interface SpeltElement {
  readonly spelled: string
  /** As `readXmlBack` has it. */
  readonly meant: unknown
}

export const drawElement = (piece: fc.Arbitrary<Piece>): fc.Arbitrary<SpeltElement> => {
  const pieces = fc.array(piece, { minLength: 1, maxLength: 4 })
  const ways = fc.nat({ max: 255 })
  const aside = fc.constantFrom('', '', '<!-- & < -->')
  const attributes = fc
    .uniqueArray(fc.tuple(fc.constantFrom('b', 'c-d', 'x:y'), pieces, ways, fc.constantFrom('"', "'")), {
      maxLength: 2,
      selector: ([name]) => name,
    })
    .map((all) => ({
      spelled: all
        .map(
          ([name, value, way, quote]) =>
            ` ${name}=${quote}${inXml(textOf(value, 'spelled'), way, true)}${quote}`,
        )
        .join(''),
      meant: Object.fromEntries(all.map(([name, value]) => [`@${name}`, textOf(value, 'meant')])),
    }))
  const leaf = fc
    .tuple(attributes, pieces, ways, aside, fc.boolean())
    .map(([own, text, way, before, isCdata]) => {
      const spelled = textOf(text, 'spelled')
      const inside =
        isCdata && !spelled.includes(']]>') ? `<![CDATA[${spelled}]]>` : inXml(spelled, way, false)
      return {
        spelled: `${own.spelled}>${before}${inside}`,
        meant: { ...own.meant, '#text': textOf(text, 'meant') },
      }
    })
  const name = fc.constantFrom('a', 'n:b', 'c.d', '_e')
  return fc
    .letrec<{ inner: SpeltElement }>((tie) => ({
      inner: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc
          .tuple(
            attributes,
            fc.uniqueArray(fc.tuple(name, tie('inner')), {
              minLength: 1,
              maxLength: 3,
              selector: ([one]) => one,
            }),
            aside,
          )
          .map(([own, children, before]) => ({
            spelled: `${own.spelled}>${before}${children.map(([tag, { spelled }]) => `<${tag}${spelled}</${tag}>`).join('')}`,
            meant: { ...own.meant, ...Object.fromEntries(children.map(([tag, { meant }]) => [tag, meant])) },
          })),
      ),
    }))
    .inner.map(({ spelled, meant }) => ({ spelled: `<root${spelled}</root>`, meant }))
}

const textOf = (pieces: readonly Piece[], as: 'spelled' | 'meant'): string =>
  pieces.map((piece) => piece[as]).join('')

/** One of the ways in which JSON writes a character. */
const inJson = (text: string, way: number): string =>
  Array.from(text)
    .map((character, at) =>
      (way >> (at % 8)) & 1
        ? character
            .split('')
            .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join('')
        : JSON.stringify(character).slice(1, -1),
    )
    .join('')

const inForm = (text: string, way: number): string =>
  Array.from(text)
    .map((character, at) => {
      const isPlain = /[\w.{}$|: "<>\]/-]/.test(character) && character !== ' '
      if (character === ' ' && (way >> (at % 8)) & 1) return '+'
      return isPlain && (way >> (at % 8)) & 1
        ? character
        : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    })
    .join('')

const inXml = (text: string, way: number, isAttribute: boolean): string =>
  Array.from(text)
    .map((character, at) => {
      const isPlain = !/[<>&"'\]]/.test(character) && !(isAttribute && /\s/.test(character))
      return isPlain && (way >> (at % 8)) & 1 ? character : `&#x${character.codePointAt(0)?.toString(16)};`
    })
    .join('')
