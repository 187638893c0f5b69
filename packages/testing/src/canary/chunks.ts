import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

export const chunkBytes = 1 << 20

export interface Chunk {
  /** One character for each byte. */
  readonly text: string
  /** How many characters at its beginning stood at the end of the chunk before. */
  readonly repeated: number
}

/** A file piece by piece; what is at most `overlap` bytes long stands whole in one of them. */
export function* readChunks(file: string, overlap: number): Generator<Chunk> {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(chunkBytes)
    let carried = ''
    for (;;) {
      const bytes = readSync(descriptor, buffer)
      if (bytes === 0) return
      const text = carried + buffer.toString('latin1', 0, bytes)
      yield { text, repeated: carried.length }
      carried = text.slice(-overlap)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Every regular file at or below a folder, hidden ones, databases and their logs included. */
export const listFolder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
