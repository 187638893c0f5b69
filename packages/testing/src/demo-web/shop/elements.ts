import type { Elements } from './view.ts'

/** Asks the vault where its script is and which hash it has; a page that pins the hash runs this script or none. */
export const findElements = async (vaultUrl: string): Promise<Elements> => {
  const response = await fetch(`${vaultUrl}/elements/v1/sri.json`)
  if (!response.ok) throw new Error(`the vault answered ${response.status} for the hashes of its scripts`)
  const hashes = (await response.json()) as Readonly<Record<string, string>>
  const integrity = hashes['elements.js']
  if (integrity === undefined) throw new Error('the vault publishes no hash of elements.js')
  return { vaultUrl, scriptUrl: `${vaultUrl}/elements/v1/elements.js`, integrity }
}
