import fc from 'fast-check'

/** One thing that is done to bytes; places are counted from the start and wrap around, so that each fits any bytes. */
type Edit =
  | { readonly type: 'flip'; readonly at: number; readonly bit: number }
  | { readonly type: 'cut'; readonly at: number; readonly length: number }
  | { readonly type: 'copy'; readonly at: number; readonly length: number; readonly to: number }
  | { readonly type: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: 'replace'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly at: number }

export type Edits = readonly Edit[]

const places = fc.nat({ max: 0xffff })
const lengths = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 8 }) }, { weight: 1, arbitrary: places })

/** One edit or several, in which these words are inserted more often than any bytes. */
export const drawEdits = (words: readonly (string | Uint8Array)[], most = 4): fc.Arbitrary<Edits> => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    ...(words.length > 0 ? [fc.constantFrom(...words).map((word) => new Uint8Array(Buffer.from(word)))] : []),
  )
  const edit = fc.oneof<fc.Arbitrary<Edit>[]>(
    fc.record({ type: fc.constant('flip'), at: places, bit: fc.nat({ max: 7 }) }),
    fc.record({ type: fc.constant('cut'), at: places, length: lengths }),
    fc.record({ type: fc.constant('copy'), at: places, length: lengths, to: places }),
    fc.record({ type: fc.constant('insert'), at: places, bytes }),
    fc.record({ type: fc.constant('replace'), at: places, bytes }),
    fc.record({ type: fc.constant('end'), at: places }),
  )
  return fc.array(edit, { minLength: 1, maxLength: most })
}

export const applyEdits = (bytes: Uint8Array, edits: Edits): Buffer =>
  edits.reduce<Buffer>((before, edit) => applyEdit(before, edit), Buffer.from(bytes))

const applyEdit = (bytes: Buffer, edit: Edit): Buffer => {
  const at = edit.at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (edit.type) {
    case 'flip': {
      const flipped = Buffer.from(after.subarray(0, 1).map((byte) => byte ^ (1 << edit.bit)))
      return Buffer.concat([before, flipped, after.subarray(1)])
    }
    case 'cut':
      return Buffer.concat([before, after.subarray(edit.length)])
    case 'copy': {
      const to = edit.to % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, to), after.subarray(0, edit.length), bytes.subarray(to)])
    }
    case 'insert':
      return Buffer.concat([before, edit.bytes, after])
    case 'replace':
      return Buffer.concat([before, edit.bytes, after.subarray(edit.bytes.length)])
    case 'end':
      return before
  }
}
