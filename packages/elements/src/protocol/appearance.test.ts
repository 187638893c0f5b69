import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultOfAppearance, readAppearance } from './appearance.ts'

const withColor = (colorText: unknown) => ({ variables: { colorText } })

describe('a colour', () => {
  test.each([
    ...['#fff', '#1a2b3c', '#1A2B3C80', '#abcd', 'rgb(1 2 3)', 'rgb(1, 2, 3)', 'rgba(1,2,3,.5)'],
    ...['rgb(1 2 3 / 50%)', 'hsl(220deg 50% 40%)', 'hsl(220, 50%, 40%)', 'hsla(220, 50%, 40%, 0.5)'],
  ])('may be %s', (color) => {
    expect(readAppearance(withColor(color))).toEqual(withColor(color))
  })

  test.each([
    ...['red', '#12', '#12345', 'url(https://evil.example/)', 'rgb(1 2 3); background: url(x)', 'var(--x)'],
    ...[
      'expression(alert(1))',
      'rgb(calc(1) 2 3)',
      'attr(value)',
      '#fff}',
      '',
      '#fff\n',
      '\\000',
      'image-set(x)',
    ],
  ])('may not be "%s"', (color) => {
    expect(readAppearance(withColor(color))).toBeUndefined()
  })
})

describe('a size', () => {
  test.each(['0', '12px', '1.25rem', '.5px', '-1px', '1000px', '1em', '50%', '100vmax', 'calc(1px)', '1px;'])(
    '%s is taken only as a small number of px or rem',
    (fontSize) => {
      expect(readAppearance({ variables: { fontSize } }) !== undefined).toBe(
        ['0', '12px', '1.25rem'].includes(fontSize),
      )
    },
  )
})

test('fonts are taken out of a list and spelled as in it', () => {
  const read = readAppearance({ variables: { fontFamily: ' georgia , "Times New Roman",serif' } })
  expect(read?.variables?.fontFamily).toBe('Georgia, Times New Roman, serif')
  for (const fontFamily of ['Evil Sans', 'serif, url(x)', 'serif;', 'serif, ', "'serif"])
    expect(readAppearance({ variables: { fontFamily } })).toBeUndefined()
})

test('what is wrong is named', () => {
  const faults = [
    [{ theme: 'sepia' }, 'appearance.theme'],
    [{ variables: { colorText: 'red' } }, 'appearance.variables.colorText'],
    [{ variables: { toString: '1px' } }, 'appearance.variables.toString'],
    [{ variables: 'none' }, 'appearance.variables'],
    [{ css: 'body{}' }, 'appearance'],
    [undefined, 'appearance'],
    [{}, undefined],
    [{ theme: 'auto', variables: { borderRadius: '0' } }, undefined],
  ] as const
  for (const [value, fault] of faults) expect(faultOfAppearance(value)).toBe(fault)
})

test('no value that is taken can end a declaration, load anything or call anything but a colour', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(...'#rgbhsl(0123456789)%.,/ ;:{}"\'\\urlvapx\n'.split('')),
    maxLength: 24,
  })
  const name = fc.constantFrom('colorText', 'fontSize', 'fontFamily', 'labelWeight', 'borderRadius')
  fc.assert(
    fc.property(name, hostile, (variable, text) => {
      const value = readAppearance({ variables: { [variable]: text } })?.variables
      const taken = value ? Object.values(value).join('') : ''
      expect(taken).not.toMatch(/[;:{}"'\\@\n]|url|var|attr/)
      expect(taken.replace(/^(?:rgb|hsl)a?\(/, '')).not.toContain('(')
    }),
    { seed: 1, numRuns: 2_000 },
  )
})
