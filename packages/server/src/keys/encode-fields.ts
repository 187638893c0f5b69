/** Each field as its length in bytes (u32, big endian) and its UTF-8 bytes, so that no two lists share an encoding. */
export const encodeFields = (...fields: readonly string[]): Buffer => {
  const bytes = Buffer.allocUnsafe(fields.reduce((sum, field) => sum + 4 + Buffer.byteLength(field), 0))
  let at = 0
  for (const field of fields) {
    const length = bytes.write(field, at + 4)
    at = bytes.writeUInt32BE(length, at) + length
  }
  return bytes
}
