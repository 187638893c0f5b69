import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { type AuditExport, type ExportedEntry, exportAudit } from './support/audit-log.ts'
import {
  bytesLiteral,
  changeDatabase,
  copiedDatabase,
  isOnSqlite,
  type Place,
  readDatabase,
} from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { runToEnd } from './support/refused-command.ts'
import { readRows } from './support/rows.ts'
import { allowOrigin, allowProvider, type Scenario, startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
const card = { number: testCards.visa, code: '123' }

describe('what a running vault writes down', () => {
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await startScenario()
  })

  test('a forward has an intent that is on the disk before the first byte leaves, and then an outcome', async () => {
    const { demo } = scenario
    const whenAsked: unknown[] = []
    const provider = await startProvider({
      answers: {
        '/watched': (_request, response) => {
          // On PostgreSQL a vault has a chain of its own, and commands write to the first.
          const newest = 'select text from audit_entries order by chain desc, seq desc limit 1'
          const [last] = readRows(scenario, newest)
          whenAsked.push((JSON.parse(String(last?.['text'])) as unknown[]).slice(2, 4))
          answer(response, 402, 'application/json', '{"status":"declined"}')
        },
      },
    })
    cleanUp(() => provider.close())
    await allowProvider(scenario, demo, provider)
    await allowOrigin(scenario, demo, 'https://localhost:1', ['--tenant', 'demo', '--private'])

    const { token, session } = await demo.tokenize(card)
    const declined = await demo.charge({ token, session, url: `${provider.origin}/watched` })
    const lost = await demo.charge({ token, url: `${provider.origin}/reset/head` })
    const unsent = await demo.charge({ token, url: 'https://localhost:1/v1/charges' })
    const refused = await demo.charge({ token, url: 'https://elsewhere.invalid/v1/charges' })
    expect([declined, lost, unsent, refused].map(({ status, sent }) => `${status} ${sent}`)).toEqual([
      '200 yes',
      '502 unknown',
      '502 no',
      '400 no',
    ])
    expect(whenAsked).toEqual([['card.forward', 'intent']])

    const { entries } = await exportAudit(scenario, 'forwards.jsonl')
    const of = ({ headers }: typeof declined) =>
      entries.filter(({ requestId }) => requestId === headers['x-request-id'])
    const intent = (origin: string, carriesCode: boolean) => ({
      action: 'card.forward',
      outcome: 'intent',
      actor: ['credential', uuid],
      origin: '127.0.0.1',
      subject: ['token', uuid],
      details: { forwardId: uuid, destination: uuid, origin, method: 'POST', carriesCode },
    })
    const outcome = (kind: string, details: object) => ({
      action: 'card.forward',
      outcome: kind,
      details: { forwardId: uuid, ...details },
    })
    expect(of(declined)).toMatchObject([
      intent(provider.origin, true),
      outcome('success', { sent: 'yes', status: 402 }),
    ])
    expect(of(lost)).toMatchObject([
      intent(provider.origin, false),
      outcome('unknown', { sent: 'unknown', reason: 'connection lost' }),
    ])
    expect(of(unsent)).toMatchObject([
      intent('https://localhost:1', false),
      outcome('failure', { sent: 'no', reason: 'connection refused' }),
    ])
    expect(of(refused)).toEqual([])
    for (const [before, after] of [of(declined), of(lost), of(unsent)]) {
      expect(before?.details['forwardId']).toBe(after?.details['forwardId'])
      expect(before?.seq).toBeLessThan(after?.seq ?? 0)
      expect(before?.at).toBeLessThanOrEqual(after?.at ?? 0)
    }
  })

  test('cards, sessions and refused callers stand in it with who, when, from where and to what', async () => {
    const { demo, demoKeys } = scenario
    const made = await demo.call('POST', '/tokenize', {
      body: {
        type: 'card',
        data: { cardNumber: card.number, expirationMonth: '12', expirationYear: '2030', cvv: '123' },
      },
    })
    const dropped = await demo.call(
      'DELETE',
      `/proxy/delete-cvc-session/${String(made.body['cvc_session_id'])}`,
    )
    const guess = { headers: { 'x-api-key': demoKeys.api_key.replace(/key_test_..../, 'key_test_aaaa') } }
    const guesses = []
    for (let failure = 1; failure <= 11; failure++)
      guesses.push(await demo.call('GET', '/api/applications/key', guess))
    expect(guesses.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 403])

    const { entries } = await exportAudit(scenario, 'access.jsonl')
    const of = (reply: typeof made) =>
      entries.filter(({ requestId }) => requestId === reply.headers['x-request-id'])
    expect(of(made)).toMatchObject([
      {
        action: 'token.created',
        outcome: 'success',
        tenantId: uuid,
        actor: ['credential', uuid],
        origin: '127.0.0.1',
        subject: ['token', uuid],
        details: { scheme: 'visa', codeHeld: true },
      },
    ])
    expect(of(dropped)).toMatchObject([
      { action: 'code.dropped', outcome: 'success', subject: ['code', made.body['cvc_session_id']] },
    ])
    for (const [at, reply] of guesses.slice(0, 10).entries())
      expect(of(reply)).toMatchObject([
        {
          action: at === 9 ? 'access.locked' : 'access.refused',
          outcome: 'failure',
          tenantId: null,
          actor: ['unknown', uuid],
          origin: '127.0.0.1',
        },
      ])
  })
})

test('starts, stops and what operators do stand in it', async () => {
  const scenario = await startScenario()
  const { command, vault, start } = scenario
  await command('tenant', 'create', 'shop')
  await command('keys', 'rotate', '--purpose', 'audit')
  await command('seal')
  await command('unseal')
  await vault.stop()
  const again = await start()
  await again.kill()
  const third = await start()
  await third.stop()
  const { entries } = await exportAudit(scenario)
  const told = entries.filter(({ action }) => !action.startsWith('key.created'))
  const actionsOf = (chain: number) =>
    told.filter((entry) => entry.chain === chain).map(({ action }) => action)
  if (isOnSqlite)
    expect(actionsOf(0)).toEqual([
      'tenant.created',
      // The demo issues cards.
      ...['issuer.enabled', 'access-key.created', 'issuer.cvk-made', 'issuer.bin-added'],
      // One for each API.
      'credential.created',
      'credential.created',
      'credential.created',
      'credential.created',
      'audit.started',
      'tenant.created',
      'key.rotated',
      'vault.sealed',
      'vault.unsealed',
      'audit.stopped',
      // A start that follows a start: between them there was a crash.
      'audit.started',
      'audit.started',
      'audit.stopped',
      'audit.exported',
    ])
  else
    expect([0, 1, 2, 3].map(actionsOf)).toEqual([
      [
        ...['tenant.created', 'credential.created', 'audit.chain-begun', 'tenant.created', 'key.rotated'],
        ...['vault.sealed', 'vault.unsealed', 'audit.chain-begun', 'audit.exported'],
      ],
      // Given back by the first stop, taken again by the next start, and still held by whom a crash ended.
      ['audit.started', 'audit.stopped', 'audit.started'],
      ['audit.started', 'audit.stopped'],
      [],
    ])
  expect(told.map(({ actor }) => actor[0])).toEqual(
    told.map(({ action }) => (/^audit\.(?:st|chain)/.test(action) ? 'vault' : 'operator')),
  )
  const sealed = told.find(({ action }) => action === 'vault.sealed')
  expect(sealed).toMatchObject({ outcome: 'success', actor: ['operator', expect.any(String)] })
  for (const chain of [0, 1, 2]) {
    const own = entries.filter((entry) => entry.chain === chain)
    expect(own.map(({ seq }) => seq)).toEqual(own.map((_, at) => at + 1))
  }
})

describe('a log that was tampered with does not hold', () => {
  let scenario: Scenario
  let exported: AuditExport
  /** The one that the vault wrote: on PostgreSQL commands write to another. */
  let chain: number
  /** Signed half-way and at its end. */
  let signedAt: readonly number[]
  beforeAll(async () => {
    scenario = await startScenario()
    for (let at = 0; at < 5; at++) await scenario.demo.tokenize(card)
    await exportAudit(scenario, 'half.jsonl')
    for (let at = 0; at < 5; at++) await scenario.demo.tokenize(card)
    await scenario.vault.stop()
    exported = await exportAudit(scenario, 'whole.jsonl')
    chain = Number(readRows(scenario, 'select max(chain) as chain from audit_entries')[0]?.['chain'])
    const checkpoints = `select seq from audit_checkpoints where chain = ${chain} order by seq`
    signedAt = readRows(scenario, checkpoints).map(({ seq }) => Number(seq))
  })

  const edited = (): ExportedEntry => {
    const entry = exported.entries.find(({ action }) => action === 'token.created')
    if (!entry) throw new Error('no card was tokenised')
    return entry
  }
  const lastSigned = (): number => signedAt.at(-1) ?? 0

  let copies = 0
  /** What `audit verify` says of a copy of the database after someone has written to it. */
  const verifyCopy = async (write: (copy: Place) => Promise<void>, words: readonly string[] = []) => {
    const folder = join(scenario.folder, `copy-${copies++}`)
    if (isOnSqlite) cpSync(join(scenario.folder, 'data'), join(folder, 'data'), { recursive: true })
    const settings = copiedDatabase(scenario.options)
    await write({ folder, settings })
    return runToEnd(scenario, ['audit', 'verify', ...words, '--json'], {
      CARDKEEP_DATA: join(folder, 'data'),
      CARDKEEP_ROOT_KEY: join(scenario.folder, 'data.keys', 'root.key'),
      ...settings,
    })
  }
  const doesNotHold = (problem: string) => ({
    code: 1,
    stdout: '',
    stderr: `cardkeep: the audit log does not hold: ${isOnSqlite ? '' : `chain ${chain}: `}${problem}\n`,
  })

  const edit = (copy: Place, seq: number): Promise<void> =>
    changeDatabase(
      copy,
      `update audit_entries set text = replace(text, 'visa', 'jcb') where chain = ${chain} and seq = ${seq}`,
    )
  const cutOff = (copy: Place, table: string, from: number): Promise<void> =>
    changeDatabase(copy, `delete from ${table} where chain = ${chain} and seq >= ${from}`)

  test('in the database: an untouched copy holds', async () => {
    expect(await verifyCopy(async () => undefined)).toMatchObject({ code: 0, stderr: '' })
  })

  test('in the database: an edited entry is named', async () => {
    const { seq } = edited()
    const end = await verifyCopy((copy) => edit(copy, seq))
    expect(end).toEqual(doesNotHold(`entry ${seq} was changed`))
  })

  test('in the database: a tail that was signed and taken off is found', async () => {
    const from = (signedAt[0] ?? 0) + 1
    const end = await verifyCopy((copy) => cutOff(copy, 'audit_entries', from))
    expect(end.stderr).toMatch(new RegExp(`entries ${from} to \\d+, which were signed, are missing`))
    expect(end).toMatchObject({ code: 1, stdout: '' })
  })

  test('in the database: a tail that was taken off with its signatures is found against an earlier export', async () => {
    const from = (signedAt[0] ?? 0) + 1
    const cut = async (copy: Place) => {
      await cutOff(copy, 'audit_entries', from)
      await cutOff(copy, 'audit_checkpoints', from)
    }
    expect(await verifyCopy(cut)).toMatchObject({ code: 0 })
    const end = await verifyCopy(cut, ['--against', exported.file])
    expect(end.stderr).toMatch(new RegExp(`entries ${from} to \\d+, which were signed, are missing`))
    expect(end).toMatchObject({ code: 1, stdout: '' })
  })

  test('in the database: a chain that was written anew is not the one that was signed', async () => {
    const { seq } = edited()
    const end = await verifyCopy(async (copy) => {
      await edit(copy, seq)
      await rechain(copy, chain)
    })
    const next = signedAt.find((at) => at >= seq)
    expect(end).toEqual(doesNotHold(`entry ${next} is not the one that was signed`))
  })

  test('in the database: a checkpoint that was written to fit does not hold either', async () => {
    const { seq } = edited()
    const end = await verifyCopy(async (copy) => {
      await edit(copy, seq)
      await rechain(copy, chain)
      await changeDatabase(copy, refit)
    })
    const next = signedAt.find((at) => at >= seq)
    expect(end).toEqual(doesNotHold(`the signature at ${next} does not hold`))
  })

  const verifyFile = async (write: (lines: string[]) => void) => {
    const lines = readFileSync(exported.file, 'utf8').trimEnd().split('\n')
    write(lines)
    const file = join(scenario.folder, `edited-${copies++}.jsonl`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return runToEnd(scenario, ['audit', 'verify', '--file', file, '--json'])
  }

  test('in an export: an edited line, a missing one and a shorter file are found', async () => {
    const { seq } = edited()
    const named = isOnSqlite ? '' : `"chain":${chain},`
    const at = (lines: string[]) =>
      lines.findIndex((line) => line.includes(`"type":"entry",${named}"seq":${seq},`))
    const changed = await verifyFile((lines) =>
      lines.splice(at(lines), 1, (lines[at(lines)] ?? '').replace('visa', 'jcb')),
    )
    expect(changed).toEqual(doesNotHold(`entry ${seq} was changed`))
    const missing = await verifyFile((lines) => lines.splice(at(lines), 1))
    expect(missing).toEqual(doesNotHold(`entry ${seq} is missing`))
    const shorter = await verifyFile((lines) => lines.pop())
    expect(shorter).toEqual(
      doesNotHold(`entries ${lastSigned()} to ${lastSigned()}, which were signed, are missing`),
    )
  })
})

/** As somebody would who may write to the database and has no key. */
const rechain = async (copy: Place, chain: number): Promise<void> => {
  const entries = readDatabase(
    copy,
    `select seq, text from audit_entries where chain = ${chain} order by seq`,
  )
  let previous = startOf(chain)
  const updates = entries.map(({ seq, text }) => {
    previous = createHash('sha256').update(previous).update(String(text)).digest()
    const hash = bytesLiteral(previous.toString('hex'))
    return `update audit_entries set hash = ${hash} where chain = ${chain} and seq = ${String(seq)}`
  })
  await changeDatabase(copy, updates.join(';\n'))
}

/** A chain begins with its number. */
const startOf = (chain: number): Buffer => {
  const start = Buffer.alloc(32)
  start.writeBigUInt64BE(BigInt(chain), 24)
  return start
}

const refit = `update audit_checkpoints set hash = (
  select hash from audit_entries
  where audit_entries.chain = audit_checkpoints.chain and audit_entries.seq = audit_checkpoints.seq
)`
