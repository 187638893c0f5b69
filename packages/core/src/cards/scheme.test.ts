import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'
import { codeLengths, schemeOf } from './scheme.ts'

/** Only the first digits decide, so these need no check digit. */
const schemeOfPrefix = (prefix: string) => schemeOf(new Secret(prefix.padEnd(16, '0')) as Pan)

test.each([
  ['visa', testCards.visa],
  ['visa', testCards.visa13],
  ['mastercard', testCards.mastercard],
  ['mastercard', testCards.mastercard2Series],
  ['amex', testCards.amex],
  ['discover', testCards.discover],
  ['diners', testCards.diners],
  ['diners', testCards.diners2],
  ['jcb', testCards.jcb],
  ['unionpay', testCards.unionpay],
  ['maestro', testCards.maestro],
])('%s is told by the number that it publishes for tests', (scheme, number) => {
  expect(schemeOf(new Secret(number) as Pan)).toBe(scheme)
})

test.each([
  ['2220', 'unknown'],
  ['2221', 'mastercard'],
  ['2720', 'mastercard'],
  ['2721', 'unknown'],
  ['50', 'unknown'],
  ['51', 'mastercard'],
  ['55', 'mastercard'],
  ['56', 'unknown'],
  ['33', 'unknown'],
  ['34', 'amex'],
  ['37', 'amex'],
  ['299', 'unknown'],
  ['300', 'diners'],
  ['305', 'diners'],
  ['306', 'unknown'],
  ['3094', 'unknown'],
  ['3095', 'diners'],
  ['3096', 'unknown'],
  ['3527', 'unknown'],
  ['3528', 'jcb'],
  ['3589', 'jcb'],
  ['3590', 'unknown'],
  ['36', 'diners'],
  ['38', 'diners'],
  ['39', 'diners'],
  ['31', 'unknown'],
  ['6010', 'unknown'],
  ['6011', 'discover'],
  ['6012', 'unknown'],
  ['643', 'unknown'],
  ['644', 'discover'],
  ['649', 'discover'],
  ['65', 'discover'],
  ['66', 'unknown'],
  ['61', 'unknown'],
  ['62', 'unionpay'],
  ['63', 'unknown'],
  ['81', 'unionpay'],
  ['82', 'unknown'],
  ['5017', 'unknown'],
  ['5018', 'maestro'],
  ['5020', 'maestro'],
  ['5038', 'maestro'],
  ['5893', 'maestro'],
  ['6304', 'maestro'],
  ['6759', 'maestro'],
  ['6760', 'unknown'],
  ['6761', 'maestro'],
  ['6763', 'maestro'],
  ['6764', 'unknown'],
  ['0', 'unknown'],
  ['1', 'unknown'],
  ['9', 'unknown'],
])('a number that begins with %s is of the scheme %s', (prefix, scheme) => {
  expect(schemeOfPrefix(prefix)).toBe(scheme)
})

test('a code has three digits, but four on American Express and either where the scheme is not known', () => {
  expect(codeLengths).toEqual({
    visa: [3],
    mastercard: [3],
    amex: [4],
    discover: [3],
    diners: [3],
    jcb: [3],
    unionpay: [3],
    maestro: [3],
    unknown: [3, 4],
  })
})
