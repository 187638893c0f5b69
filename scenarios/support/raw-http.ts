import { connect } from 'node:net'

export interface RawReply {
  /** 0 where the connection ended without an answer. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Everything that came, for answers after the first. */
  readonly all: string
}

const patienceMs = 10_000

/** Sends bytes as they are and reads until the other side ends the connection. Ask for `Connection: close`. */
export const sendRaw = (url: string, pieces: readonly (string | Buffer)[]): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('the other side did not end the connection'))
    }, patienceMs)
    socket.on('data', (chunk) => chunks.push(chunk))
    // A server that refuses a body may close while it is still being written.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(readReply(Buffer.concat(chunks).toString('latin1')))
    })
    for (const piece of pieces) socket.write(piece)
  })

/** Sends a part of a request and goes away without waiting for an answer. */
export const abandon = (url: string, part: string): Promise<void> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.write(part, () => socket.resetAndDestroy())
  })

const readReply = (all: string): RawReply => {
  const [head = '', ...rest] = all.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const
  })
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: rest.join('\r\n\r\n'),
    all,
  }
}
