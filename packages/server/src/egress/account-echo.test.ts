import { Secret } from '@cardkeep/core/kernel/secret'
import { describe, expect, test } from 'vitest'
import { createEchoGuard } from './echo-guard.ts'

const guardOf = (accountNumber: string) =>
  createEchoGuard({ pan: undefined, accountNumber: new Secret(accountNumber), code: undefined })

const long = guardOf('000123456789')
const short = guardOf('12345')

const text = (value: string, guard = long) => guard.body({ text: value, saysJson: false }).text
const json = (value: unknown, guard = long): unknown =>
  JSON.parse(guard.body({ text: JSON.stringify(value), saysJson: true }).text)

describe('an account number of eight digits and more is covered wherever it stands', () => {
  test.each([
    ['plain', '000123456789', '********6789'],
    ['spaced', '0001 2345 6789', '**** **** 6789'],
    ['escaped', '%30%30%30123456789', '******************'],
    ['in base64', Buffer.from('{"n":"000123456789"}').toString('base64'), '*'.repeat(28)],
    ['in hexadecimal', Buffer.from('000123456789').toString('hex'), '*'.repeat(24)],
  ])('%s', (_, echo, expected) => {
    expect(text(`account <${echo}> refused`)).toBe(`account <${expected}> refused`)
  })

  test('with eight digits, of which four are shown', () => {
    expect(text('12345678', guardOf('12345678'))).toBe('****5678')
  })

  test('without its zeros, as a reader of numbers writes it', () => {
    expect(json({ account_number: 123456789, other: 123456789 })).toEqual({
      account_number: 6789,
      other: 6789,
    })
    expect(text('account <123456789> refused')).toBe('account <*****6789> refused')
    expect(text('account_type=1', guardOf('00000001'))).toBe('account_type=1')
    const seven = guardOf('0001234567')
    expect(json({ account_number: 1234567, amount: 1234567 }, seven)).toEqual({
      account_number: 0,
      amount: 1234567,
    })
    expect(text('account_number=1234567', seven)).toBe('account_number=*******')
  })

  test('in JSON and in headers', () => {
    expect(json({ a: '000123456789', b: ['x 000123456789'] })).toEqual({
      a: '********6789',
      b: ['x ********6789'],
    })
    expect(long.headers([['x-echo', '000123456789']])).toEqual({ 'x-echo': '********6789' })
  })
})

describe('a shorter one is covered', () => {
  test.each([
    'account_number=<>',
    '"accountNumber": "<>"',
    '<AcctNo><></AcctNo>',
    'Account number <>',
    '<> is not a valid account number',
    'value="<>" name="account"',
  ])('where a name tells it: %s', (form) => {
    expect(text(form.replace('<>', '12345'), short)).toBe(form.replace('<>', '*****'))
  })

  test('in JSON in a field that is named like it, or as a whole value', () => {
    expect(
      json(
        {
          account_number: '12345',
          bank: { account: { digits: 12345 } },
          bank_details: { number: 12345 },
          other: '12345',
          list: [{ name: 'account_number', value: 12345 }],
        },
        short,
      ),
    ).toEqual({
      account_number: '*****',
      bank: { account: { digits: 0 } },
      bank_details: { number: 0 },
      other: '*****',
      list: [{ name: 'account_number', value: 0 }],
    })
  })

  test('in a header that is named like it', () => {
    expect(
      short.headers([
        ['x-account', 'no. 12345'],
        ['x-id', 'no. 12345'],
      ]),
    ).toEqual({
      'x-account': 'no. *****',
      'x-id': 'no. 12345',
    })
  })
})

describe('a shorter one is left', () => {
  test.each(['order 12345 refused', '912345', '12345.67', 'account of 99123459 and 12345 items'])(
    'in %s',
    (value) => expect(text(value, short)).toBe(value),
  )

  test('in an amount, and as a number of a field that says nothing', () => {
    const body = { account_balance: '12345', amount: 12345, id: 12345, cvv: 12345, note: 'order 12345' }
    expect(json(body, short)).toEqual(body)
  })
})
