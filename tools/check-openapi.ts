import { systemClock } from '@cardkeep/server/clock'
import { createDialects } from '@cardkeep/server/compose/dialects'
import type { Dialect } from '@cardkeep/server/http/dialect'
import { describeDialect, describeVault, type OpenApiDocument } from '@cardkeep/server/http/openapi/documents'
import { version } from '@cardkeep/server/version'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { type Finding, report } from './finding.ts'

/** What is served, made from the routes without a vault. */
export const makeDocuments = (
  offered: readonly Dialect[] = Object.values(createDialects(systemClock)),
): ReadonlyMap<string, OpenApiDocument> => {
  const parts = { version, dialects: offered }
  return new Map([
    ['openapi.json', describeVault(parts)],
    ...offered.map((dialect) => [`openapi/${dialect.name}.json`, describeDialect(parts, dialect)] as const),
  ])
}

/** Holds OpenAPI documents against the specification and against what we want of each operation. */
export const checkOpenApi = async (
  documents: ReadonlyMap<string, OpenApiDocument>,
): Promise<readonly Finding[]> => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Whose vault it is, its document does not know.
    rules: {
      'operation-tag-defined': 'error',
      // Paths are the vendors' own. Where one has a word in the place of another's id, no id is that word.
      'no-ambiguous-paths': 'off',
      ...has('tags'),
      ...has('description'),
      ...has('summary'),
    },
  })
  const found = await Promise.all(
    [...documents].map(async ([name, document]) => {
      const problems = await lintFromString({
        source: JSON.stringify(document, undefined, 2),
        absoluteRef: name,
        config,
      })
      return problems.map(({ ruleId, message, location }) => ({
        file: name,
        line: 0,
        wrong: `${ruleId} at ${location[0]?.pointer ?? '#'}: ${message}`,
        instead:
          'The documents are made of routes: mend the route, or what packages/server/src/http/openapi/ says of it.',
      }))
    }),
  )
  return found.flat()
}

/** A rule that every operation says this of itself. */
const has = (property: string) => ({
  [`rule/operation-has-${property}`]: {
    subject: { type: 'Operation', property },
    assertions: { defined: true, minLength: 1 },
    message: `an operation lacks its ${property}`,
  },
})

if (import.meta.main) report('openapi', await checkOpenApi(makeDocuments()))
