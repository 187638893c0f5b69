import type { Appearance, AppearanceVariables } from './public.ts'
import { type Read, readFields, readMatch, readOneOf } from './read.ts'

/*
 * How an element may look is a list of variables, each with the form of its values. A value holds no function but that
 * of a colour, no address, no quote and no semicolon, so that nothing is loaded by it and nothing else can be styled.
 */

type VariableName = keyof AppearanceVariables

const part = '(?:\\d{1,3}(?:\\.\\d{1,3})?|\\.\\d{1,3})(?:%|deg)?'
const color = readMatch(
  new RegExp(
    `^(?:#(?:[\\da-f]{3,4}|[\\da-f]{6}|[\\da-f]{8})|(?:rgb|hsl)a?\\(${part}(?:(?:, ?| )${part}){2}(?:(?:, ?| ?/ ?)${part})?\\))$`,
    'i',
  ),
)
const size = readMatch(/^(?:0|\d{1,2}(?:\.\d{1,3})?(?:px|rem))$/)
const weight = readMatch(/^[1-9]00$/)

/** Fonts that systems bring along; a name that is none of these is not asked of the visitor's machine. */
const fonts = [
  ...['system-ui', 'ui-sans-serif', 'ui-serif', 'ui-monospace', 'ui-rounded'],
  ...['sans-serif', 'serif', 'monospace'],
  ...[
    'Arial',
    'Avenir',
    'Avenir Next',
    'Calibri',
    'Cambria',
    'Courier New',
    'Georgia',
    'Gill Sans',
    'Helvetica',
  ],
  ...[
    'Helvetica Neue',
    'Inter',
    'Menlo',
    'Noto Sans',
    'Open Sans',
    'Palatino',
    'Roboto',
    'Segoe UI',
    'Tahoma',
  ],
  ...['Times New Roman', 'Trebuchet MS', 'Ubuntu', 'Verdana'],
] as const

const fontFamily: Read<string> = (value) => {
  if (typeof value !== 'string' || value.length > 200) return undefined
  const names = value.split(',').map((name) => name.trim().replace(/^(["'])(.*)\1$/, '$2'))
  const known = names.map((name) => fonts.find((font) => font.toLowerCase() === name.toLowerCase()))
  return known.every((name) => name !== undefined) ? known.join(', ') : undefined
}

const variables: Readonly<Record<VariableName, Read<string>>> = {
  colorText: color,
  colorLabel: color,
  colorPlaceholder: color,
  colorBackground: color,
  colorBorder: color,
  colorAccent: color,
  colorError: color,
  fontFamily,
  fontSize: size,
  labelSize: size,
  labelWeight: weight,
  borderRadius: size,
  borderWidth: size,
  spacing: size,
  padding: size,
}

const theme = readOneOf(['light', 'dark', 'auto'])

export const readAppearance: Read<Appearance> = (value) =>
  faultOfAppearance(value) === undefined ? (build(value as Appearance) satisfies Appearance) : undefined

/** Which part is not as it should be, such as `variables.colorText`; `undefined` where all is well. */
export const faultOfAppearance = (value: unknown): string | undefined => {
  const fields = readFields(value, ['theme', 'variables'])
  if (!fields) return 'appearance'
  if (fields['theme'] !== undefined && theme(fields['theme']) === undefined) return 'appearance.theme'
  if (fields['variables'] === undefined) return undefined
  if (typeof fields['variables'] !== 'object' || fields['variables'] === null) return 'appearance.variables'
  const wrong = Object.entries(fields['variables']).find(
    ([name, said]) => readVariable(name, said) === undefined,
  )
  return wrong && `appearance.variables.${wrong[0]}`
}

const readVariable = (name: string, value: unknown): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name as VariableName](value) : undefined

const build = (sound: Appearance): Appearance => {
  const named = theme(sound.theme)
  const entries = Object.entries(sound.variables ?? {}).map(([name, value]) => [
    name,
    readVariable(name, value),
  ])
  return {
    ...(named && { theme: named }),
    variables: Object.fromEntries(entries) as AppearanceVariables,
  }
}
