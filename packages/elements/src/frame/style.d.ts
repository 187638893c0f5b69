declare module '*.css' {
  /** The text of the style sheet, put in by the build. */
  export const text: string
  export default text
}
