import { type FileHandle, open } from 'node:fs/promises'
import type { AuditSink } from './sink.ts'

/**
 * Appends to a file and waits for the disk. The file is opened anew each time, so that whoever rotates it need tell
 * nobody. A line that a crash cut off is taken away; it comes again whole.
 */
export const createFileSink = (name: string, path: string): AuditSink => ({
  name,
  write: async (lines) => {
    const file = await open(path, 'a+', 0o600)
    try {
      await removeCutLine(file)
      await file.appendFile(lines.map((line) => `${line}\n`).join(''))
      await file.sync()
    } finally {
      await file.close()
    }
  },
  close: async () => {},
})

const lineFeed = 0x0a
const step = 64 * 1024

const removeCutLine = async (file: FileHandle): Promise<void> => {
  const { size } = await file.stat()
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - step)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - from), 0, end - from, from)
    const last = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed)
    if (last >= 0) {
      const whole = from + last + 1
      if (whole < size) await file.truncate(whole)
      return
    }
    end = from
  }
  if (size > 0) await file.truncate(0)
}
