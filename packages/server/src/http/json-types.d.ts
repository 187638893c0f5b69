/** Part of JavaScript that the compiler's library does not know yet: JSON source text access. */
interface JSON {
  rawJSON(text: string): { readonly rawJSON: string }
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
}
