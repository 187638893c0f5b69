/** How bytes may stand in a file: as they are, as hexadecimal, and in base64, wherever in it they begin. */
export const formsOf = (bytes: Buffer): readonly (string | Buffer)[] => [
  bytes,
  bytes.toString('hex'),
  ...[0, 1, 2].map((before) => base64Behind(bytes, before)),
]

/** The characters that tell nothing but these bytes, so many of a group being something else. */
const base64Behind = (bytes: Buffer, before: number): string => {
  const all = Buffer.concat([Buffer.alloc(before), bytes])
  const first = before === 0 ? 0 : before + 1
  return all.toString('base64').slice(first, Math.floor(all.length / 3) * 4)
}
