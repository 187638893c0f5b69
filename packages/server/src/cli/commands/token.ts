import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { activateToken } from '@cardkeep/core/operations/tokens/activate-token'
import { deleteToken } from '@cardkeep/core/operations/tokens/delete-token'
import { findTokens, listLimit } from '@cardkeep/core/operations/tokens/find-tokens'
import { invalidateToken } from '@cardkeep/core/operations/tokens/invalidate-token'
import type { MoveTokenPorts } from '@cardkeep/core/operations/tokens/move-token'
import { type ShownToken, showToken } from '@cardkeep/core/operations/tokens/show-token'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import { stateOf } from '@cardkeep/core/tokens/lifecycle'
import { parseToken, spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { createCommandCodes, createStrictCommandCodes } from '../drop-codes.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const tokenCommand = (): Command =>
  new Command('token')
    .description('what may be shown of tokens, and their states')
    .addCommand(show())
    .addCommand(find())
    .addCommand(
      move({
        name: 'suspend',
        description: 'refuse every use until it is activated; its held codes are gone',
        operation: suspendToken,
        withoutDropping: 'the token refuses every use, and they are dropped before it is activated',
      }),
    )
    .addCommand(
      move({
        name: 'activate',
        description: 'allow its use again',
        operation: activateToken,
        withoutDropping: undefined,
      }),
    )
    .addCommand(
      move({
        name: 'invalidate',
        description: 'say that its card is good no more',
        operation: invalidateToken,
        withoutDropping: 'the token refuses every use, and they end with their time',
      }),
    )
    .addCommand(
      move({
        name: 'delete',
        description: 'end it for good, its card and its held codes with it',
        operation: deleteToken,
        withoutDropping: 'the token refuses every use, and they end with their time',
      }),
    )
    .hook('preAction', (_command, action) => {
      // The parser would repeat them, and they may be the groups of a card number.
      if (action.args.length > action.registeredArguments.length)
        throw new CommandFailure('too many words: at most one token, and digits behind --last4 in one piece')
    })

const show = (): Command =>
  new Command('show')
    .allowExcessArguments()
    .description('what may be shown of a token; the audit log keeps who asked')
    .argument('<id>', 'a token in any spelling')
    .addOption(jsonOption())
    .action((text: string, options: { json?: true }) => {
      const id = readToken(text)
      return withVault(options, async ({ vault, operator, out }) => {
        const token = orFail(await showToken(vault.operatorPorts, operator, id))
        out.answer({
          ...spellings(token.id),
          type: token.type,
          mask: token.mask,
          scheme: token.scheme ?? null,
          state: token.state,
          test: token.test,
          token_scope: token.scopeId,
          tenant_id: token.tenantId,
          created_at: spellTime(token.createdAt),
          updated_at: spellTime(token.updatedAt),
          expires_at: spellTime(token.expiresAt),
          invalidated_at: spellTime(token.invalidatedAt),
        })
      })
    })

const find = (): Command =>
  new Command('find')
    .allowExcessArguments()
    .description('tokens by the last digits of their number, newest first; never by a whole number')
    // Read below and not by the parser, whose failure would repeat what was typed.
    .requiredOption('--last4 <digits>', 'the last four digits')
    .option('--tenant <tenant>', 'of this tenant only: name or id')
    .addOption(jsonOption())
    .action((options: { last4: string; tenant?: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant =
          options.tenant === undefined ? undefined : orFail(await findTenant(vault.store, options.tenant))
        const { last4 } = options
        const { tokens, isCut } = orFail(await findTokens(vault.operatorPorts, operator, { last4, tenant }))
        out.answer({ tokens: tokens.map(listToken), cut: isCut })
        if (isCut) out.say(`\nOnly the newest ${listLimit} are shown.`)
      }),
    )

interface Move {
  readonly name: string
  readonly description: string
  readonly operation: typeof suspendToken
  /** Why it is safe that codes of the token are still held; `undefined`: it is not, and the move is not made. */
  readonly withoutDropping: string | undefined
}

const move = ({ name, description, operation, withoutDropping }: Move): Command =>
  new Command(name)
    .allowExcessArguments()
    .description(description)
    .argument('<id>', 'a token in any spelling')
    .addOption(jsonOption())
    .action((text: string, options: { json?: true }) => {
      const id = readToken(text)
      return withVault(options, async ({ vault, operator, out }) => {
        const lenient = createCommandCodes(vault)
        const codes = withoutDropping === undefined ? createStrictCommandCodes(vault) : lenient
        const ports: MoveTokenPorts = { ...vault.operatorPorts, codes }
        const { token, changed } = orFail(await operation(ports, operator, id))
        const reason = lenient.failure()
        out.answer({
          token_id: token.id,
          state: stateOf(token, vault.clock.now()),
          changed,
          ...(reason !== undefined && {
            warning: `its held codes could not be dropped (${reason}); ${withoutDropping}`,
          }),
        })
      })
    })

/** Never repeats what was typed: it may have been a card number. */
const readToken = (text: string): TokenId => {
  const id = parseToken(text)
  if (!id) throw new CommandFailure('a token is a UUID, or 26 characters of base32 with or without tok_')
  return id
}

const listToken = (token: ShownToken) => ({
  token_id: token.id,
  type: token.type,
  mask: token.mask,
  scheme: token.scheme ?? null,
  state: token.state,
  tenant_id: token.tenantId,
  created_at: spellTime(token.createdAt),
})

/** The id as the dialects print it. */
const spellings = (id: TokenId) => ({ token_id: id, prefixed: spellPrefixed(id), base32: spellBase32(id) })

const spellTime = (at: EpochMs | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()
