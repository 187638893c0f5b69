import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAllowedAddress, isSameAddress } from './addresses.ts'

const always = ['8.8.8.8', '52.95.110.1', '2606:4700::1111', '::ffff:8.8.8.8']
const whenPrivate = [
  '127.0.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '::1',
  'fd12::1',
  '::ffff:127.0.0.1',
]
const never = [
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '169.254.170.2',
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  '0.0.0.0',
  '::',
  '255.255.255.255',
  '224.0.0.1',
  'ff02::1',
  '192.0.0.192',
  '192.0.2.1',
  '198.18.0.1',
  '240.0.0.1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2001:0:1::',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '::ffff:0:127.0.0.1',
  '::7f00:1',
  '::127.0.0.1',
  '::8.8.8.8',
  '100::1',
  '4000::1',
  '0x7f.1',
  '2130706433',
  '127.1',
  'localhost',
  '',
]

test.each(always)('%s is allowed for every destination', (address) => {
  expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([true, true])
})

test.each(whenPrivate)('%s is allowed only where the operator allows private addresses', (address) => {
  expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, true])
})

test.each(never)('"%s" is allowed for no destination', (address) => {
  expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, false])
})

test('an IPv4 address and its mapped spelling get the same verdict', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.boolean(), (address, allowPrivate) => {
      expect(isAllowedAddress(`::ffff:${address}`, allowPrivate)).toBe(
        isAllowedAddress(address, allowPrivate),
      )
    }),
    { seed: 1 },
  )
})

test('spellings of one address are the same address', () => {
  expect(isSameAddress('::ffff:192.0.2.1', '192.0.2.1')).toBe(true)
  expect(isSameAddress('2001:DB8:0:0::1', '2001:db8::1')).toBe(true)
  expect(isSameAddress('192.0.2.1', '192.0.2.2')).toBe(false)
  expect(isSameAddress('nonsense', 'nonsense')).toBe(false)
})
