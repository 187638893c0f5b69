import { createFixedClock } from '@cardkeep/testing/clock'
import { openDesk } from '@cardkeep/testing/fuzz/desk'
import { drawRequests, type Spelt, spell, spellBody } from '@cardkeep/testing/fuzz/drawn-requests'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { pathsOf, type Shape, substitute } from '@cardkeep/testing/fuzz/hostile'
import { misplacements } from '@cardkeep/testing/fuzz/misplace-card'
import {
  createBodyJudge,
  createJudge,
  type Json,
  listOperations,
  type Operation,
} from '@cardkeep/testing/fuzz/openapi'
import { runs } from '@cardkeep/testing/fuzz/runs'
import { holdsStrayCard, strayCards } from '@cardkeep/testing/fuzz/stray-cards'
import { wishes } from '@cardkeep/testing/fuzz/wishes'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { hellgate } from './hellgate/routes.ts'
import { ozura } from './ozura/routes.ts'
import { createPismo } from './pismo/routes.ts'
import { createVerifone } from './verifone/routes.ts'

/*
 * Whatever is sent to any operation of any dialect becomes a command or is refused as the document says, in the dialect's own
 * words and with nothing of a card in them. Nothing stands behind the door, so that the reading of requests is all there is.
 */

const clock = createFixedClock()
const dialects = [ozura, hellgate, createVerifone(clock), createPismo(clock)]
const desk = openDesk(dialects, clock)
afterAll(() => desk.app.close())

const document = (await desk.app.inject('/openapi.json')).json<Json>()
const operations = listOperations(document)
const judge = createJudge(document)
const judgeBody = createBodyJudge(document)

const ids = ['00000000-0000-4000-8000-00000000aaaa', '00000000-0000-4000-8000-00000000bbbb'] as const
/** In the form that they have; nobody asks further. */
const known = {
  '@charges': 'https://provider.example/charges',
  '@provider': 'https://provider.example',
  ...{ '@token 0': ids[0], '@token 1': ids[1], '@session 0': ids[0], '@session 1': ids[1] },
  ...{ '@capture': ids[0], '@payload': 'a.b.c.d.e', '@alias': 'a'.repeat(26), '@scope': ids[0] },
  ...{ '@sealed': 'x', '@issued 0': '1', '@issued 1': '2', '@credential': 'x', '@public key': 'x' },
  ...{ '@org': 'TN-00000000-0000-4000-8000-00000000d35c', '@client': ids[0], '@secret': 'x' },
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

const send = async ({ method }: Operation, { path, headers, body }: Spelt): Promise<Answer> => {
  const bytes = body === undefined ? undefined : spellBody(body)
  const { statusCode, payload, ...reply } = await desk.app.inject({
    ...{ method, url: path, headers },
    ...(bytes !== undefined && { payload: typeof bytes === 'string' ? bytes : Buffer.from(bytes) }),
  })
  return { status: statusCode, headers: reply.headers, text: payload }
}

/** What is wrong with the answer to a request for this operation. */
const wrongWith = (operation: Operation, spelt: Spelt, answer: Answer): readonly string[] => [
  ...judge(operation, answer),
  ...faultsOf(spelt, answer),
  ...wronglyTaken(operation, spelt, answer),
]

/** What is wrong with it whatever it is a request for. */
const faultsOf = (spelt: Spelt, answer: Answer): readonly string[] => [
  ...(answer.status === 500 ? ['a bug'] : []),
  ...desk.drainBugs(),
  ...leaksOf(spelt, answer),
]

const isCommand = ({ status }: Answer): boolean => status === 503 || status < 300

/** What is wrong with a body that was taken: whatever becomes a command is as the document wants it. */
const wronglyTaken = (operation: Operation, { headers, body }: Spelt, answer: Answer): readonly string[] => {
  const wanted = operation.body?.content['application/json']
  const isText = wanted === undefined || wanted['type'] === 'string'
  if (isText || !isCommand(answer) || !/^application\/json\b/.test(headers['content-type'] ?? '')) return []
  const text = Buffer.from(spellBody(body)).toString()
  return text === '' ? [] : judgeBody(operation, JSON.parse(text))
}

const leaksOf = (spelt: Spelt, { headers, text }: Answer): readonly string[] => {
  const told = `${JSON.stringify(headers)}\n${text}`
  return [
    ...(holdsStrayCard(told) ? ['a card number'] : []),
    ...(text.includes(code) && !spelledElsewhere(spelt) ? ['a code'] : []),
  ]
}

const code = '8059'

const codeField = /"(?:cvv|cvc|security_code|service_code)":"8059"/g

/** Whether the digits of the code stand where no code does: there they are somebody's own word. */
const spelledElsewhere = ({ path, headers, body }: Spelt): boolean =>
  `${path} ${JSON.stringify(headers)} ${Buffer.from(spellBody(body)).toString()}`
    .replaceAll(codeField, '')
    .includes(code)

const ofCards = {
  ...wishes,
  ...{ cvv: [code, '805'], cvc: [code, '805'], security_code: [code, null] },
}

/** What parts a body of some type. */
const words = [
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u', '\\ud800', 'null', '1e999', '-0', '0.10', '{}'],
  ...['__proto__', 'constructor', 'toString', '&', '=', '%', '%00', '+', '%zz', '<', '>', '/>', '</a>'],
  ...['<![CDATA[', ']]>', '<!--', '-->', '<?', '?>', '&#', '&amp;', ';', "'", '<!DOCTYPE a>'],
  ...['${', '${cardNumber}', '${cvv}', '{{', '}}', '{{ account_number }}', '{{ expiration_year | unwrap }}'],
  ...['\0', '\ufeff', '\u2028', '\u202e', '😀'],
]

/** So many tries of an operation that some of them are good, however little of it a machine does in a while. */
const enough = 150

const isShape = (body: unknown): body is Shape =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof Uint8Array)

/** Those with a body more often: there is more to read. */
const drawFor = (some: readonly Operation[]) =>
  fc.oneof(
    ...some.map((operation) => ({
      weight: operation.body ? 8 : 1,
      arbitrary: drawRequests(operation, ofCards).map((drawn) => ({ operation, drawn })),
    })),
  )

describe.each(dialects)('$name', ({ name }) => {
  const own = operations.filter(({ id }) => id.startsWith(name))
  const withBody = own.filter(({ body }) => body !== undefined)

  test('whatever is drawn for an operation becomes a command or is refused', async () => {
    const outcomes = new Map(own.map(({ id }) => [id, new Array<string>()]))
    await fc.assert(
      fc.asyncProperty(drawFor(own), async ({ operation, drawn }) => {
        const spelt = spell(operation, drawn, known)
        const answer = await send(operation, spelt)
        expect(wrongWith(operation, spelt, answer)).toEqual([])
        outcomes.get(operation.id)?.push(isCommand(answer) ? 'command' : 'refusal')
      }),
      runs(1_500),
    )
    // Of requests that are all refused, or all taken, half of what reads them was not tried.
    for (const { id } of withBody) {
      const seen = outcomes.get(id) ?? []
      if (seen.length < enough) continue
      expect({ id, seen: [...new Set(seen)].toSorted() }).toEqual({ id, seen: ['command', 'refusal'] })
    }
  })

  test('a body that was edited becomes a command or is refused', async () => {
    await fc.assert(
      fc.asyncProperty(drawFor(withBody), drawEdits(words), async ({ operation, drawn }, edits) => {
        const spelt = spell(operation, drawn, known)
        const edited = { ...spelt, body: applyEdits(Buffer.from(spellBody(spelt.body)), edits) }
        const answer = await send(operation, edited)
        expect(wrongWith(operation, edited, answer)).toEqual([])
      }),
      runs(1_200),
    )
  })

  test('a number in the place of any field is taken where a number belongs', async () => {
    await fc.assert(
      fc.asyncProperty(
        drawFor(withBody),
        fc.nat(),
        fc.constantFrom('5.0', '-0', '1e999', '10.00', '12345678901234567890'),
        async ({ operation, drawn }, at, number) => {
          const spelt = spell(operation, drawn, known)
          const paths = isShape(spelt.body) ? pathsOf(spelt.body) : []
          const path = paths[at % paths.length]
          fc.pre(isShape(spelt.body) && path !== undefined)
          const numbered = { ...spelt, body: substitute(spelt.body, path, number) }
          expect(wrongWith(operation, numbered, await send(operation, numbered))).toEqual([])
        },
      ),
      runs(400),
    )
  })

  test('a card number where none belongs is told to nobody', async () => {
    const misplaced = fc.tuple(strayCards, fc.constantFrom(...misplacements))
    await fc.assert(
      fc.asyncProperty(drawFor(own), misplaced, async ({ operation, drawn }, [card, misplace]) => {
        const spelt = misplace(spell(operation, drawn, known), card)
        expect(faultsOf(spelt, await send(operation, spelt))).toEqual([])
      }),
      runs(800),
    )
  })
})
