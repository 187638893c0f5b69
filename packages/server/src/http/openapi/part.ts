/** A part of an OpenAPI document: plain JSON. */
export type Part = Readonly<Record<string, unknown>>
