import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'
import type { Finding } from '../finding.ts'
import { type Environment, filesNamed, isGivenTime, readSettings, secretsIn } from './settings.ts'

const file = 'compose.yaml'

interface Service {
  readonly image?: string
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly restart?: string
  readonly stop_grace_period?: string
  readonly healthcheck?: unknown
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly env_file?: string
  readonly environment?: Environment
}

interface Project {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** Services that run as root, and why. */
const asRoot: Readonly<Record<string, string>> = {
  secrets: 'It gives files to the accounts of the others, and ends.',
}

/** The file has the form of its specification, and its services what it promises of them. */
export const checkCompose = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const project = parse(texts.get(file) ?? '', { merge: true }) as Project
  return [
    ...checkForm(project),
    ...Object.entries(project.services).flatMap(([name, service]) => [
      ...checkService(name, service),
      ...checkMounts(name, service, project, texts),
      ...checkSettings(name, service, texts),
      ...checkSecrets(name, service, texts),
    ]),
    ...checkAcl(texts),
  ]
}

const found = (wrong: string, instead: string, line = 0): Finding => ({ file, line, wrong, instead })

/** The specification has a schema, and this linter of compose files brings it along. */
const schemaFile = new URL('schemas/compose.schema.json', import.meta.resolve('dclint/package.json'))

const compileSchema = (): ValidateFunction => {
  const { $schema: _, ...schema } = JSON.parse(readFileSync(fileURLToPath(schemaFile), 'utf8')) as object & {
    readonly $schema: string
  }
  return new Ajv({ allErrors: true, strict: false }).compile(schema)
}

let isOfForm: ValidateFunction | undefined

const checkForm = (project: Project): readonly Finding[] => {
  isOfForm ??= compileSchema()
  isOfForm(project)
  return (isOfForm.errors ?? []).map(({ instancePath, message = '', params }) =>
    found(`${instancePath}: ${message} ${JSON.stringify(params)}`, 'See the specification of compose files.'),
  )
}

const checkService = (name: string, service: Service): readonly Finding[] => {
  const isNamed = /^cardkeep(?:-setup)?$|:(?!latest)[\w.-]+$/.test(service.image ?? '')
  const isOnce = service.restart === 'no'
  const wrongs: (readonly [boolean, string])[] = [
    [isNamed, 'has no image, or one without a version'],
    [name in asRoot || /^[1-9]\d*:[1-9]\d*$/.test(service.user ?? ''), 'runs as root'],
    [service.read_only === true, 'may write to its image'],
    [service.cap_drop?.includes('ALL') === true, 'keeps capabilities'],
    [service.security_opt?.includes('no-new-privileges:true') === true, 'may gain privileges'],
    [isOnce || service.healthcheck !== undefined || service.image === 'cardkeep', 'has no health check'],
    [(service.ports ?? []).every((port) => port.startsWith('127.0.0.1:')), 'listens beyond this machine'],
  ]
  return wrongs.flatMap(([isGood, wrong]) =>
    isGood ? [] : [found(`${name} ${wrong}`, 'Every service is held to the same; see x-hardened.')],
  )
}

const checkMounts = (
  name: string,
  { volumes = [], env_file }: Service,
  project: Project,
  texts: ReadonlyMap<string, string>,
): readonly Finding[] => {
  const sources = [...volumes.map((volume) => volume.split(':')[0] ?? ''), ...(env_file ? [env_file] : [])]
  return sources
    .filter((source) => !(source in project.volumes) && !texts.has(source.replace(/^\.\//, '')))
    .map((source) => found(`${name} mounts ${source}, which is not there`, 'Mount what is there.'))
}

const settingsOf = (
  { env_file = '', environment = {} }: Service,
  texts: ReadonlyMap<string, string>,
): Environment => ({ ...(parseEnv(texts.get(env_file) ?? '') as Environment), ...environment })

const checkSettings = (
  name: string,
  service: Service,
  texts: ReadonlyMap<string, string>,
): readonly Finding[] => {
  const { env_file, volumes = [], restart, stop_grace_period: grace = '10s' } = service
  if (env_file === undefined) return []
  const settings = settingsOf(service, texts)
  const config = readSettings(settings)
  if (typeof config === 'string') return [found(`${name}: ${config}`, `Mend ${env_file}.`)]
  const places = volumes.map((volume) => volume.split(':')[1] ?? '')
  return [
    ...filesNamed(settings)
      .filter((path) => !places.some((place) => path.startsWith(`${place}/`)))
      .map((path) => found(`${name} names ${path}, where nothing is mounted`, `Mend ${env_file}.`)),
    ...(restart === 'no' || isGivenTime(config, Number(/^(\d+)s$/.exec(grace)?.[1]))
      ? []
      : [found(`${name} is killed while it finishes what it began`, 'Give it a longer stop_grace_period.')]),
  ]
}

const checkSecrets = (
  name: string,
  service: Service,
  texts: ReadonlyMap<string, string>,
): readonly Finding[] =>
  secretsIn(settingsOf(service, texts)).map((variable) =>
    found(`${name} is told a secret in ${variable}`, 'Give it a file.'),
  )

/** What a vault may say to the server for codes stands in the documents too, for those who have one already. */
const checkAcl = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const [acl, document] = ['deploy/compose/codes.acl', 'docs/operations/cluster.md']
  return texts.get(document)?.includes(` ${texts.get(acl)?.trim()}\n`)
    ? []
    : [{ file: acl, line: 1, wrong: `is not what ${document} says`, instead: 'Say the same in both.' }]
}
