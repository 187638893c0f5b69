import type { CodePolicy } from '@cardkeep/core/codes/policy'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCodePolicy } from './code-policy-header.ts'

const origins = ['https://a.example', 'https://b.example']
const base: CodePolicy = { hold: true, ttlMs: 90_000, uses: 3, destinations: origins }
const refused = { ok: false, error: { type: 'InvalidField', field: 'Cardkeep-Code-Policy' } }

const words = [
  ...[
    'ttl',
    'uses',
    'hold',
    'destinations',
    '=',
    ',',
    ';',
    '"',
    '\\"',
    ' ',
    '\t',
    '?0',
    '?1',
    '(',
    ')',
    ':',
    '@',
    '.0',
  ],
  ...[
    '60',
    '1',
    '0',
    '-1',
    '9',
    '1e3',
    '999999999999999',
    'off',
    'on',
    ...origins,
    'https://c.example',
    'a',
    '*',
  ],
]

test('whatever the header says, the policy is narrower or as it was, or the request is refused', () => {
  const sample = `ttl=60, uses=2, hold=off, destinations="${origins.join(' ')}"`
  const text = fc.oneof(
    drawEdits(words, 5).map((edits) => applyEdits(Buffer.from(sample), edits).toString('latin1')),
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((some) => some.join('')),
  )
  fc.assert(
    fc.property(text, (header) => {
      const read = readCodePolicy({ 'cardkeep-code-policy': header }, base)
      if (!read.ok) {
        expect(read).toEqual(refused)
        return
      }
      const { ttlMs, uses, destinations = [] } = read.value
      expect(ttlMs).toBeLessThanOrEqual(base.ttlMs)
      expect(ttlMs).toBeGreaterThan(0)
      expect([1, 2, 3]).toContain(uses)
      expect(destinations.length).toBeGreaterThan(0)
      for (const origin of destinations) expect(origins).toContain(origin)
    }),
    runs(5_000),
  )
})
