import { inspect, styleText } from 'node:util'

type Json = Record<string, unknown>

export interface Story {
  title(text: string): void
  step(text: string): void
  tell(text: string, value?: unknown): void
  /** Calls the vault and shows both sides. Answers the reply's body, whatever its status. */
  call(method: string, path: string, body?: Json): Promise<Json>
}

/** Tells what happens, request by request, for a person in front of a terminal. */
export const createStory = (url: string, apiKey: string): Story => {
  let steps = 0
  let lastBody: Json | undefined
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const show = (value: unknown): void =>
    print(indent(inspect(value, { depth: 9, breakLength: 100, compact: 3, colors: process.stdout.isTTY })))

  return {
    title: (text) => print(`\n${styleText('bold', text)}\n`),
    step: (text) => print(`\n${styleText(['bold', 'cyan'], `${++steps}. ${text}`)}\n`),
    tell: (text, value) => {
      print(`   ${text}`)
      if (value !== undefined) show(value)
    },
    call: async (method, path, body) => {
      const isRepeated = body !== undefined && body === lastBody
      lastBody = body
      print(`   ${styleText('bold', method)} ${path}${isRepeated ? '   the same once more' : ''}`)
      if (body && !isRepeated) show(body)
      const response = await fetch(url + path, {
        method,
        headers: { 'x-api-key': apiKey, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const reply = (await response.json()) as Json
      const sent = response.headers.get('cardkeep-sent')
      const status = styleText(response.ok ? 'green' : 'yellow', String(response.status))
      print(`   → ${status}${sent === null ? '' : styleText('dim', `  Cardkeep-Sent: ${sent}`)}`)
      show(shorten(reply))
      return reply
    },
  }
}

/** A provider's headers fill a screen and tell nothing here. */
const shorten = (reply: Json): Json => {
  const answer = reply['proxy_response']
  if (typeof answer !== 'object' || answer === null) return reply
  return { ...reply, proxy_response: { ...answer, headers: '…' } }
}

const indent = (text: string): string => text.replaceAll(/^/gm, '     ')
