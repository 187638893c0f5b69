import type { ElementKind, LoadError } from '../protocol/public.ts'
import { type Init, readToFrame } from '../protocol/to-frame.ts'
import type { ToHost } from '../protocol/to-host.ts'
import { awaitInit } from './await-init.ts'
import { createForm } from './form.ts'
import { languageOf } from './locales/languages.ts'
import { applyAppearance } from './look.ts'
import { createSender } from './send.ts'
import styles from './style.css'
import { tellHeight } from './tell-height.ts'
import { type Answer, createVault } from './vault.ts'

/** The frame: it is embedded, says hello, asks the vault what is wanted, and shows the fields for it. */
const start = async (): Promise<void> => {
  const sessionId = location.pathname.split('/').at(-1) ?? ''
  // The vault may be reached below a path of its own, as a proxy has it.
  const vault = createVault(new URL(`../../../sessions/${sessionId}`, location.href).href)
  const asked = vault.state()
  const { port, init } = await awaitInit(readOrigins())
  const tell = (message: ToHost) => port.postMessage(message)
  tell({ type: 'hello' })
  if (!init) return tell({ type: 'failed', ...otherVersion })
  open({ sessionId, vault, init, port, tell, answer: await asked })
}

interface OpenParts {
  readonly sessionId: string
  readonly vault: ReturnType<typeof createVault>
  readonly init: Init
  readonly port: MessagePort
  readonly tell: (message: ToHost) => void
  readonly answer: Answer
}

const open = ({ sessionId, vault, init, port, tell, answer }: OpenParts): void => {
  if (answer.type !== `wants ${init.kind}`) return tell({ type: 'failed', ...faultOf(answer, init.kind) })
  if (answer.type !== 'wants card' && answer.type !== 'wants code') return

  const { tag, texts } = languageOf(init.locale)
  document.documentElement.lang = tag
  document.documentElement.dir = texts.direction
  applyAppearance(init.appearance)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(styles)
  document.adoptedStyleSheets = [sheet]

  const form = createForm({
    init,
    texts,
    card: answer.type === 'wants code' ? answer.card : undefined,
    now: () => Date.now(),
    changed: (state) => tell({ type: 'change', state }),
    entered: (field) => tell({ type: 'focus', field }),
    left: (field) => tell({ type: 'blur', field }),
    submitted: () => tell({ type: 'submit' }),
  })
  const sender = createSender({ kind: init.kind, form, vault, sessionId, key: answer.key, texts })

  port.onmessage = async ({ data }: MessageEvent<unknown>) => {
    const message = readToFrame(data)
    if (message?.type === 'focus') form.focus()
    if (message?.type === 'clear') form.clear()
    if (message?.type !== 'send') return
    const { call, cardholderName } = message
    tell({ type: 'answer', call, result: await sender.send(cardholderName) })
  }
  document.body.append(form.root)
  tellHeight(document.body, (height) => tell({ type: 'resize', height }))
  tell({ type: 'ready' })
}

/** The server writes the origins that may embed this frame into its page. */
const readOrigins = (): readonly string[] =>
  document.querySelector<HTMLMetaElement>('meta[name="cardkeep-origins"]')?.content.split(' ') ?? []

const faultOf = (answer: Answer, kind: ElementKind): LoadError => {
  if (answer.type === 'unreachable') return { reason: 'timeout', message: 'The vault gave no answer.' }
  if (answer.type === 'wants card' || answer.type === 'wants code')
    return {
      reason: 'session',
      message: `This session ${answer.type}, which a "${kind}" element cannot give. Create a "${answer.type.slice(6)}".`,
    }
  return { reason: 'session', message: 'This session is over, or was answered before. Open another one.' }
}

const otherVersion: LoadError = {
  reason: 'protocol',
  message: 'The script of the page does not speak as this vault does. Take it from the vault anew.',
}

void start()
