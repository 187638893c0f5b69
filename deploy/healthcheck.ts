import { request as askInPlain } from 'node:http'
import { request as askSecurely } from 'node:https'
import { type Config, readConfig } from '../packages/server/src/config.ts'

/*
 * Ends with 0 if the vault of this machine is alive, and with 1 if it is not: for whoever restarts processes, such as the
 * `HEALTHCHECK` of the image, which has no curl. With `ready` as its argument it asks what a balancer asks. Settings are
 * those of the vault.
 */

const limitMs = 3_000

const ask = ({ host, port, tls }: Config, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    // The certificate names the vault and not this machine; nothing is told to whoever answers.
    const options = { host: reachable(host), port, path, timeout: limitMs, rejectUnauthorized: false }
    const asked = (tls.type === 'own' ? askSecurely : askInPlain)(options, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${limitMs} ms`)))
    asked.on('error', reject)
    asked.end()
  })

/** An address that stands for all of a machine's is none to connect to. */
const reachable = (host: string): string => ({ '0.0.0.0': '127.0.0.1', '::': '::1' })[host] ?? host

const path = process.argv[2] === 'ready' ? '/health/ready' : '/health/live'
try {
  const status = await ask(readConfig(), path)
  process.stdout.write(`${path} ${status}\n`)
  process.exitCode = status === 200 ? 0 : 1
} catch (error) {
  process.stdout.write(`${path} ${error instanceof Error ? error.message : 'failed'}\n`)
  process.exitCode = 1
}
