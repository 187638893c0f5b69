import { expect, test } from 'vitest'
import { formsOf } from './text-forms.ts'

const secret = Buffer.from('Jane Holder')

test.each([0, 1, 2, 3, 4, 5])('behind %i other bytes a text is found however it is written', (before) => {
  const all = Buffer.concat([Buffer.alloc(before, 0xff), secret, Buffer.from([0xff])])
  for (const encoding of ['latin1', 'hex', 'base64'] as const)
    expect(formsOf(secret).filter((form) => all.toString(encoding).includes(form.toString()))).toHaveLength(1)
})

test('another text is not', () => {
  const all = Buffer.from('the holder is John Holder')
  for (const encoding of ['latin1', 'hex', 'base64'] as const)
    expect(formsOf(secret).some((form) => all.toString(encoding).includes(form.toString()))).toBe(false)
})
