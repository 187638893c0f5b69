import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { activateToken } from '@cardkeep/core/operations/activate-token'
import { deleteToken } from '@cardkeep/core/operations/delete-token'
import { findTenant } from '@cardkeep/core/operations/find-tenant'
import { findTokens, listLimit } from '@cardkeep/core/operations/find-tokens'
import { invalidateToken } from '@cardkeep/core/operations/invalidate-token'
import type { MoveTokenPorts } from '@cardkeep/core/operations/move-token'
import { type ShownToken, showToken } from '@cardkeep/core/operations/show-token'
import { suspendToken } from '@cardkeep/core/operations/suspend-token'
import { stateOf } from '@cardkeep/core/tokens/lifecycle'
import { parseToken, spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const tokenCommand = (): Command =>
  new Command('token')
    .description('what may be shown of tokens, and their states')
    .addCommand(show())
    .addCommand(find())
    .addCommand(
      move('suspend', 'refuse every use until it is activated; its held codes are gone', suspendToken),
    )
    .addCommand(move('activate', 'allow its use again', activateToken))
    .addCommand(move('invalidate', 'say that its card is good no more', invalidateToken))
    .addCommand(move('delete', 'end it for good, its card and its held codes with it', deleteToken))
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

const move = (name: string, description: string, operation: typeof suspendToken): Command =>
  new Command(name)
    .allowExcessArguments()
    .description(description)
    .argument('<id>', 'a token in any spelling')
    .addOption(jsonOption())
    .action((text: string, options: { json?: true }) => {
      const id = readToken(text)
      return withVault(options, async ({ vault, operator, out }) => {
        const ports: MoveTokenPorts = { ...vault.operatorPorts, codes: heldElsewhere }
        const { token, changed } = orFail(await operation(ports, operator, id))
        out.answer({ token_id: token.id, state: stateOf(token, vault.clock.now()), changed })
      })
    })

/** A command holds no codes. The vault that runs reads in the audit log which of its own must go. */
const heldElsewhere: MoveTokenPorts['codes'] = { drop: async () => false }

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
