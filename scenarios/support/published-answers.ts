import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { expect } from 'vitest'
import type { Client, Json, Reply } from './client.ts'

/* Holds answers against what the pages of an API say of them, whatever the vault's own schemas are. */

export type Properties = Readonly<Record<string, object>>

/** An object with these and no others, all of them required unless some are named. */
export const closed = (properties: Properties, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

export interface PublishedAnswers {
  /** By method and path; `none` for an answer without a body. */
  readonly good: readonly (readonly [method: string, path: RegExp, status: number, schema: object | 'none'])[]
  /** The schema of every refusal with a status from 400. */
  readonly describeError: (status: number) => object
  /** Begins every path, and is not looked at. */
  readonly prefix?: RegExp
}

/** What is wrong with an answer; `undefined` where nothing is. It never shows what came. */
export type FaultOf = (answer: {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly text: string
}) => string | undefined

export const judgeBy = ({ good, describeError, prefix = /^/ }: PublishedAnswers): FaultOf => {
  // The library compiles each object once.
  const errors = new Map<number, object>()
  const errorOf = (status: number): object => {
    const schema = errors.get(status) ?? describeError(status)
    errors.set(status, schema)
    return schema
  }
  return ({ method, path: asked, status, text: body }) => {
    const path = asked.replace(/\?.*$/, '').replace(prefix, '')
    const row = good.find((known) => known[0] === method && known[1].test(path) && known[2] === status)
    const schema = row?.[3] ?? (status >= 400 ? errorOf(status) : undefined)
    if (schema === undefined) return `${method} ${path} may not answer ${status}`
    if (schema === 'none') return body === '' ? undefined : `${method} ${path} answered ${status} with a body`
    return faultAgainst(schema, JSON.parse(body))
  }
}

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  formats: fullFormats,
})

export const faultAgainst = (schema: object, value: unknown): string | undefined => {
  const validate = ajv.compile(schema)
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}

/** Throws at an answer that is not as the API says, or not JSON. */
export const checkedBy =
  (faultOf: FaultOf) =>
  (client: Client): Client =>
  async (method, path, call) => {
    const reply = await client(method, path, call)
    const { status, headers } = reply
    const asked = `${method} ${path} ${status}`
    expect({ asked, fault: faultOf({ method, path, ...reply }), type: headers['content-type'] }).toEqual({
      asked,
      fault: undefined,
      type: status === 204 ? undefined : 'application/json; charset=utf-8',
    })
    return reply
  }

/** The body of an answer that must be a good one. */
export const needs = (wanted: number, { status, body, text }: Reply): Json => {
  if (status !== wanted) throw new Error(`this was to be done: ${status} ${text}`)
  return body
}
