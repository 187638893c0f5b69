import type { OpenPgp } from './encryption.ts'

/** Set by the build: the bytes of the library that it was made with. */
declare const __OPENPGP_DIGEST__: string
declare const __OPENPGP_MARK__: string

/**
 * The library is a file of its own beside the script that uses it, exactly as its makers published it. An `import()`
 * has no place for a digest, a script element has one: the element loads and checks it, and the import then takes what
 * the browser has checked. So the digest of one script, which a page names, holds for both.
 */
export const createLibraryBeside = (scriptUrl: string | undefined): (() => Promise<OpenPgp>) => {
  let loading: Promise<OpenPgp> | undefined
  let trusted: string | undefined

  const load = async (): Promise<OpenPgp> => {
    const url = new URL(`openpgp.mjs?h=${__OPENPGP_MARK__}`, scriptUrl).href
    trusted ??= trust(url)
    await loadChecked(trusted)
    return (await import(url)) as OpenPgp
  }

  return () => {
    // A customer whose network failed once may try again.
    loading ??= load().catch(() => {
      loading = undefined
      throw new Error(failure)
    })
    return loading
  }
}

const failure =
  'Cardkeep encryptCard: openpgp.mjs, which stands beside this script, could not be loaded or is another than it was built with'

const loadChecked = async (url: string): Promise<void> => {
  const script = document.createElement('script')
  script.type = 'module'
  script.crossOrigin = 'anonymous'
  script.integrity = __OPENPGP_DIGEST__
  script.src = url
  await new Promise((resolve, reject) => {
    script.onload = resolve
    script.onerror = reject
    document.head.append(script)
  }).finally(() => script.remove())
}

/** For pages whose policy asks for trusted types. The policy vouches for this address and for no other. */
const trust = (url: string): string => {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  try {
    return trustedTypes
      ? trustedTypes.createPolicy('cardkeep', { createScriptURL: () => url }).createScriptURL('')
      : url
  } catch {
    // The page has a list of policies on which it is not; if it asks for trusted types the browser says so next.
    return url
  }
}

/** As far as it is used; not every browser has it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: () => string },
  ): { createScriptURL(text: string): string }
}
