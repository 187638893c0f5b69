import { readSessionState, type SessionState } from './session-state.ts'

/** The vault as a frame reaches it: two addresses of one session, on the frame's own origin. */
export interface Vault {
  state(): Promise<Answer>
  /** Sends what was sealed, and waits until it has been worked on. */
  answer(action: 'tokenize_card' | 'refresh_security_code', payload: string): Promise<Answer>
}

export type Answer =
  | SessionState
  /** There is no such session any more. */
  | { readonly type: 'gone' }
  /** What was sent is no good. */
  | { readonly type: 'refused' }
  | { readonly type: 'unreachable' }

/** `session` is where the session is, without a slash at the end. */
export const createVault = (session: string): Vault => ({
  state: () => settle(() => request(session)),
  answer: async (action, payload) => {
    const first = await request(`${session}/complete-action`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action, result: { enc_payload: payload } }),
    })
    return first.type === 'wait' ? settle(() => request(session)) : first
  },
})

const answerMs = 30_000
const pauseMs = 1_000
const looks = 20

/** Asks again while the vault is at work, for twenty seconds at most. */
const settle = async (look: () => Promise<Answer>): Promise<Answer> => {
  for (let left = looks; left > 0; left--) {
    const answer = await look()
    if (answer.type !== 'wait') return answer
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return { type: 'unreachable' }
}

const request = async (url: string, parts: RequestInit = {}): Promise<Answer> => {
  try {
    const reply = await fetch(url, {
      ...parts,
      // There are none; but a request that may not have any would need a connection of its own.
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(answerMs),
    })
    if (reply.status === 404) return { type: 'gone' }
    if (reply.status === 422 || reply.status === 413) return { type: 'refused' }
    if (!reply.ok) return { type: 'unreachable' }
    return readSessionState(await reply.json()) ?? { type: 'unreachable' }
  } catch {
    return { type: 'unreachable' }
  }
}
