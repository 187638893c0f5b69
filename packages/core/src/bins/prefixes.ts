import { longestPrefix, shortestPrefix } from './bin.ts'

/** What a number, or its first digits, may be listed under: its first eight, seven and six. */
export const prefixesOf = (digits: string): readonly string[] =>
  Array.from({ length: longestPrefix - shortestPrefix + 1 }, (_, at) => longestPrefix - at)
    .filter((length) => length <= digits.length)
    .map((length) => digits.slice(0, length))
