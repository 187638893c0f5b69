import { statSync } from 'node:fs'
import type { Tls } from '../config.ts'

/** Answers a look that calls `reload` when certificate or key have been replaced on disk. */
export const createCertificateWatch = (tls: Tls, reload: () => void): (() => Promise<void>) => {
  let seen = stampOf(tls)
  return async () => {
    const stamp = stampOf(tls)
    if (stamp === seen) return
    reload()
    seen = stamp
  }
}

const stampOf = (tls: Tls): string => {
  if (tls.type !== 'own') return ''
  return [tls.certificateFile, tls.keyFile].map((file) => statSync(file).mtimeMs).join(' ')
}
