import { promisify, TextDecoder } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import type { ForwardFailure } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { Incoming } from './dispatch.ts'

export interface DecodedBody {
  readonly text: string
  /** Whether the answer calls itself JSON; it may still be none. */
  readonly saysJson: boolean
  /** What the text was decoded from, out of its content encoding. */
  readonly bytes: Buffer
}

type DecodeFailure = Extract<ForwardFailure, 'answer too large' | 'answer not readable'>

/**
 * The body as text. A provider was asked for no encoding; one that encodes all the same is decoded, because what cannot
 * be read cannot be searched for card data. `maxBytes` bounds what each step of decoding may put out.
 */
export const decodeAnswer = async (
  { headers, body }: Incoming,
  maxBytes: number,
): Promise<Result<DecodedBody, DecodeFailure>> => {
  const type = firstOf(headers['content-type'])
  const bytes = await decodeContent(body, codingsOf(headers['content-encoding']), maxBytes)
  if (!bytes.ok) return bytes
  const charset = charsetOfMark(bytes.value) ?? charsetOf(type)
  return ok({ text: decodeText(bytes.value, charset), saysJson: isJsonType(type), bytes: bytes.value })
}

type Decompress = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const inflateZlib: Decompress = promisify(inflate)
const inflateBare: Decompress = promisify(inflateRaw)

/** `deflate` means the zlib format (RFC 9110 section 8.4.1.2); some send it without its header, which this nibble tells. */
const inflateEither: Decompress = (bytes, options) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateZlib(bytes, options) : inflateBare(bytes, options)

const decompressors: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', inflateEither],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
])

/** No provider encodes more than once; a long list only costs time. */
const maxCodings = 3

const decodeContent = async (
  body: Buffer,
  codings: readonly string[],
  maxBytes: number,
): Promise<Result<Buffer, DecodeFailure>> => {
  if (body.length === 0) return ok(body)
  if (codings.length > maxCodings) return refuse('answer not readable')
  let bytes = body
  // The list is in the order in which they were applied.
  for (const coding of codings.toReversed()) {
    const decompress = decompressors.get(coding)
    if (!decompress) return refuse('answer not readable')
    try {
      bytes = await decompress(bytes, { maxOutputLength: maxBytes })
    } catch (error) {
      const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      return refuse(isTooLarge ? 'answer too large' : 'answer not readable')
    }
  }
  return ok(bytes)
}

const decodeText = (bytes: Buffer, charset: string | undefined): string =>
  (makeDecoder(charset ?? 'utf-8') ?? new TextDecoder('latin1')).decode(bytes)

const makeDecoder = (label: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(label)
  } catch {
    return undefined
  }
}

/** A byte order mark says more surely than a header what follows it (WHATWG Encoding, section 6.1). */
const charsetOfMark = (bytes: Buffer): string | undefined => {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}

type HeaderValue = string | readonly string[] | undefined

const firstOf = (value: HeaderValue): string => [value ?? []].flat()[0] ?? ''

const codingsOf = (value: HeaderValue): readonly string[] =>
  [value ?? []]
    .flat()
    .flatMap((list) => list.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')

const isJsonType = (type: string): boolean => {
  const essence = (type.split(';')[0] ?? '').trim().toLowerCase()
  return essence === 'application/json' || essence.endsWith('+json')
}

const charsetOf = (type: string): string | undefined => /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1]
