import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Family, families } from './families.ts'
import { createMeters } from './registry.ts'

const text = readFileSync(new URL('../../../../docs/operations/metrics.md', import.meta.url), 'utf8')

test('the document has a row for each family, as it is', () => {
  const rows = Object.entries<Family>(families).map(
    ([name, { kind, labels, help }]) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  expect(
    text.split('\n').filter((line) => /^\| `cardkeep_\w+` \| (?:counter|gauge|histogram) \|/.test(line)),
  ).toEqual(rows)
})

test('whatever the document speaks of is there', async () => {
  const printed = await createMeters().print()
  const named = [...text.matchAll(/\b(?:cardkeep|process|nodejs)_\w+/g)].map(([name]) => name)
  const known = new Set([...printed.matchAll(/^# HELP (\w+)/gm)].map(([, name]) => name))
  expect(named.filter((name) => !known.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([])
})

test('names end in their unit, and counters in total', () => {
  const endings = { counter: /_total$/, histogram: /_seconds$/, gauge: /^cardkeep_(?!.*_total$)/ }
  const wrong = Object.entries<Family>(families).filter(([name, { kind }]) => !endings[kind].test(name))
  expect(wrong).toEqual([])
})
