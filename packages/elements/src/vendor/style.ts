import type { Read } from '../protocol/read.ts'

/** Declarations by selector. Each is one of the properties below, with a value of its form. */
export type Style = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * The properties that the SDK documents, and nothing else: none of them moves an input or loads anything, and no form
 * has room for an address. What is not of its form is left out. wire: hellgate §field frames, inferred
 */
export const readStyle: Read<Style> = (value) => {
  if (!isFields(value)) return undefined
  const rules = Object.entries(variants).flatMap(([variant, selector]) => {
    const said = value[variant]
    if (!isFields(said)) return []
    const states = pseudos.map((pseudo) => [selector + pseudo, readDeclarations(said[pseudo])] as const)
    return [[selector, readDeclarations(said)] as const, ...states]
  })
  return Object.fromEntries(rules.filter(([, declarations]) => Object.keys(declarations).length > 0))
}

/** What comes later wins, declaration by declaration. */
export const mergeStyles = (before: Style, after: Style): Style => {
  const selectors = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    selectors.map((selector) => [selector, { ...before[selector], ...after[selector] }]),
  )
}

/** By the SDK's name for the state of an input, from the general to the particular. */
const variants = {
  base: 'input',
  empty: 'input.empty',
  complete: 'input.complete',
  invalid: 'input.invalid',
} as const

const pseudos = [':hover', ':focus', ':read-only', '::placeholder', '::selection', ':disabled'] as const

const length = '(?:0|-?(?:\\d{1,3}(?:\\.\\d{1,3})?|\\.\\d{1,3})(?:px|em|rem|pt|%))'
const sizes = `(?:${length}(?: ${length}){0,3})`
const color = '(?:#[\\da-f]{3,8}|[a-z]{3,24}|(?:rgb|hsl)a?\\([\\d.,%/ ]{5,40}\\))'
const word = '[a-z-]{3,24}'

const property = (name: string, form: string) => ({ name, form: new RegExp(`^(?:${form})$`, 'i') })

const properties = {
  backgroundColor: property('background-color', color),
  color: property('color', color),
  fontFamily: property('font-family', '[\\w\\s"\',-]{1,200}'),
  fontSize: property('font-size', length),
  fontSmooth: property('-webkit-font-smoothing', word),
  fontStyle: property('font-style', word),
  fontVariant: property('font-variant', word),
  fontWeight: property('font-weight', `\\d{3}|${word}`),
  height: property('height', length),
  letterSpacing: property('letter-spacing', `${length}|normal`),
  lineHeight: property('line-height', `\\d(?:\\.\\d{1,3})?|${length}|normal`),
  padding: property('padding', sizes),
  textAlign: property('text-align', word),
  textDecoration: property('text-decoration', word),
  textShadow: property('text-shadow', `none|${sizes} ${color}`),
  textTransform: property('text-transform', word),
} as const

const readDeclarations = (said: unknown): Readonly<Record<string, string>> => {
  if (!isFields(said)) return {}
  const declarations = Object.entries(properties).flatMap(([key, { name, form }]) => {
    const value = said[key]
    const text = typeof value === 'number' ? String(value) : value
    return typeof text === 'string' && form.test(text) ? [[name, text] as const] : []
  })
  return Object.fromEntries(declarations)
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
