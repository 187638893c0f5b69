import { expect, test } from 'vitest'
import { mergeStyles, readStyle } from './style.ts'

test('a style becomes declarations by selector, of each state that the SDK names', () => {
  const style = {
    base: { color: '#224', fontSize: '18px', lineHeight: 1.5, '::placeholder': { color: 'rgb(10, 20, 30)' } },
    complete: { color: 'green', ':hover': { textDecoration: 'underline' } },
    invalid: { textShadow: '0 1px 2px #000', letterSpacing: '-.5px', padding: '0 .5em' },
    empty: { fontFamily: '"Open Sans", sans-serif', fontSmooth: 'antialiased' },
  }
  expect(readStyle(style)).toEqual({
    input: { color: '#224', 'font-size': '18px', 'line-height': '1.5' },
    'input::placeholder': { color: 'rgb(10, 20, 30)' },
    'input.complete': { color: 'green' },
    'input.complete:hover': { 'text-decoration': 'underline' },
    'input.invalid': { 'text-shadow': '0 1px 2px #000', 'letter-spacing': '-.5px', padding: '0 .5em' },
    'input.empty': { 'font-family': '"Open Sans", sans-serif', '-webkit-font-smoothing': 'antialiased' },
  })
})

test.each([
  ['an image', 'backgroundColor', 'url(https://elsewhere.example/)'],
  ['an address behind a colour', 'backgroundColor', 'red url(//elsewhere.example)'],
  ['another function', 'color', 'var(--x)'],
  ['a calculation', 'fontSize', 'calc(1px * 9999)'],
  ['a second declaration', 'color', 'red; position: fixed'],
  ['a rule of its own', 'fontFamily', 'x} body{display:none'],
  ['an escape', 'fontFamily', '\\75rl(x)'],
  ['a comment', 'color', 'r/**/ed'],
  ['a line break', 'color', 'red\n'],
  ['what is no text', 'color', ['red']],
  ['a size without end', 'fontSize', '99999px'],
])('a value with %s is left out', (_what, property, value) => {
  expect(readStyle({ base: { [property]: value } })).toEqual({})
})

test.each([
  'position',
  'content',
  'display',
  'background',
  'backgroundImage',
  'transform',
  'zIndex',
  'constructor',
])('the property %s cannot be set', (property) => {
  expect(readStyle({ base: { [property]: 'inherit' } })).toEqual({})
})

test('selectors are those of the SDK alone, and fonts are not loaded', () => {
  const style = {
    base: { '} body {': { color: 'red' } },
    'body *': { color: 'red' },
    fonts: ['https://x.example'],
  }
  expect(readStyle(style)).toEqual({})
  expect(readStyle('red')).toBeUndefined()
})

test('of two styles the later wins, declaration by declaration', () => {
  const before = { input: { color: 'red', height: '10px' } }
  const after = { input: { color: 'blue' }, 'input.empty': { color: 'grey' } }
  expect(mergeStyles(before, after)).toEqual({
    input: { color: 'blue', height: '10px' },
    'input.empty': { color: 'grey' },
  })
})
