import type { ElementKind, ElementResult, FailureReason } from '../protocol/public.ts'
import type { Form } from './form.ts'
import type { Texts } from './locales/texts.ts'
import { cardPayload, codePayload } from './payload.ts'
import { type SessionKey, seal } from './seal.ts'
import type { Answer, Vault } from './vault.ts'

export interface Sender {
  /** Seals what stands in the form and sends it; one at a time, and none once one was taken. */
  send(cardholderName: string | undefined): Promise<ElementResult>
}

export interface SenderParts {
  readonly kind: ElementKind
  readonly form: Form
  readonly vault: Vault
  readonly sessionId: string
  readonly key: SessionKey
  readonly texts: Texts
}

export const createSender = ({ kind, form, vault, sessionId, key, texts }: SenderParts): Sender => {
  let state: 'open' | 'busy' | 'done' = 'open'
  /** What was sent without an answer; it may have arrived. */
  let unsure: string | undefined
  const fail = (reason: keyof Texts['failures']): ElementResult => ({
    status: 'failure',
    reason: reason satisfies FailureReason,
    message: texts.failures[reason],
  })

  const sendNow = async (cardholderName: string | undefined): Promise<ElementResult> => {
    const typed = form.take()
    if (!typed) return fail('invalid')
    const payload = kind === 'card' ? cardPayload(typed, cardholderName) : codePayload(typed)
    const spelled = JSON.stringify(payload)
    if (unsure !== spelled) {
      // The session may have been answered, from here or from another window: the vault would tell the token of what
      // came first, which must not stand for another card.
      const { type } = await vault.state()
      if (type === 'success' || type === 'unreachable') return fail(type === 'success' ? 'session' : type)
    }
    const answer = await vault.answer(actions[kind], await seal(payload, sessionId, key))
    unsure = answer.type === 'unreachable' ? spelled : undefined
    return answer.type === 'success'
      ? { status: 'success', tokenId: answer.tokenId }
      : fail(failures[answer.type])
  }

  return {
    send: async (cardholderName) => {
      if (state === 'busy') return fail('busy')
      if (state === 'done') return fail('session')
      state = 'busy'
      form.setBusy(true)
      const result = await sendNow(cardholderName).catch(() => fail('unreachable'))
      form.setBusy(false)
      state = result.status === 'success' ? 'done' : 'open'
      if (state === 'done') form.finish()
      // A session that is over takes nothing any more, so nothing is kept for it.
      if (result.status === 'failure' && result.reason === 'session') form.clear()
      return result
    },
  }
}

const actions = { card: 'tokenize_card', code: 'refresh_security_code' } as const

const failures: Readonly<Record<Exclude<Answer['type'], 'success'>, keyof Texts['failures']>> = {
  gone: 'session',
  failure: 'session',
  refused: 'refused',
  unreachable: 'unreachable',
  wait: 'unreachable',
  // It still asks the same: what was sent did not count.
  'wants card': 'refused',
  'wants code': 'refused',
}
