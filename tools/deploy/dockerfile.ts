import { Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import type { Finding } from '../finding.ts'

const file = 'Dockerfile'
const ignoring = '.dockerignore'

/** The image is built of what is there, from named images, and runs as nobody in particular. */
export const checkDockerfile = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const text = texts.get(file) ?? ''
  const instructions = DockerfileParser.parse(text).getInstructions()
  return [
    ...validate(text).map(({ message, range }) =>
      found(
        range.start.line,
        typeof message === 'string' ? message : message.value,
        'See the reference of Dockerfiles.',
      ),
    ),
    ...checkImages(text, instructions),
    ...instructions.flatMap((one) => checkSources(one, texts)),
    ...checkWorkspaces(instructions, texts),
    ...checkLastStage(instructions),
    ...checkIgnored(texts.get(ignoring) ?? ''),
  ]
}

/** `line` counts from 0, as parsers do. */
const found = (line: number, wrong: string, instead: string): Finding => ({
  file,
  line: line + 1,
  wrong,
  instead,
})

const lineOf = (instruction: Instruction): number => instruction.getRange().start.line
const wordsOf = (instruction: Instruction): readonly string[] =>
  instruction.getArguments().map((argument) => argument.getValue())

const checkImages = (text: string, instructions: readonly Instruction[]): readonly Finding[] => {
  const defaults = new Map([...text.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]))
  return instructions
    .filter((one) => one instanceof From)
    .flatMap((from) => {
      const image = (from.getImage() ?? '').replace(
        /\$\{?(\w+)\}?/g,
        (_, name: string) => defaults.get(name) ?? '',
      )
      const isNamed = /^[\w./-]+:(?!latest\b)[\w.-]+(?:@sha256:[0-9a-f]{64})?$/.test(image)
      return isNamed
        ? []
        : [found(lineOf(from), `builds on ${image || 'no image'}`, 'Name an image and its version.')]
    })
}

/** Sources of a COPY that come from the repository. */
const sourcesOf = (instruction: Instruction): readonly string[] => {
  if (!(instruction instanceof Copy) || instruction.getFromFlag()) return []
  return wordsOf(instruction).slice(0, -1)
}

const checkSources = (instruction: Instruction, texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const line = lineOf(instruction)
  if (instruction.getKeyword() === 'ADD')
    return [found(line, 'uses ADD', 'COPY what is in the repository; nothing is fetched unseen.')]
  const sent = readSent(texts.get(ignoring) ?? '')
  return sourcesOf(instruction).flatMap((source) => {
    const isThere = [...texts.keys(), 'package-lock.json'].some((path) => isAt(path, source))
    if (!isThere) return [found(line, `copies ${source}, which is not there`, 'Copy what is there.')]
    return sent.some((path) => isAt(source, path))
      ? []
      : [found(line, `copies ${source}, which ${ignoring} hides`, `Give it a line in ${ignoring}.`)]
  })
}

const isAt = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

const readSent = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))

/** `npm ci` wants every workspace that the lockfile names. */
const checkWorkspaces = (
  instructions: readonly Instruction[],
  texts: ReadonlyMap<string, string>,
): readonly Finding[] => {
  const copied = new Set(instructions.flatMap(sourcesOf))
  return [...texts.keys()]
    .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path) && !copied.has(path))
    .map((path) => found(0, `does not copy ${path} before npm ci`, 'Add it to the stage `dependencies`.'))
}

const checkLastStage = (instructions: readonly Instruction[]): readonly Finding[] => {
  const last = instructions.slice(instructions.findLastIndex((one) => one instanceof From))
  const lastOf = (keyword: string) => last.findLast((one) => one.getKeyword() === keyword)
  const line = last[0] ? lineOf(last[0]) : 0
  const wrongs: (readonly [boolean, string, string])[] = [
    [
      /^[1-9]\d*:[1-9]\d*$/.test(lastOf('USER')?.getRawArgumentsContent() ?? ''),
      'runs as root, or as a user without a number',
      'Say USER with two numbers: Kubernetes cannot tell from a name that it is not root.',
    ],
    [lastOf('HEALTHCHECK') !== undefined, 'has no HEALTHCHECK', 'Run deploy/healthcheck.ts.'],
    [
      lastOf('ENTRYPOINT')?.getRawArgumentsContent()?.startsWith('[') === true,
      'starts through a shell, which keeps signals to itself',
      'Write ENTRYPOINT as a list.',
    ],
  ]
  return wrongs.flatMap(([isGood, wrong, instead]) => (isGood ? [] : [found(line, wrong, instead)]))
}

/** A list of what is sent cannot forget a key or a database that somebody has in the folder. */
const checkIgnored = (text: string): readonly Finding[] =>
  text.split('\n').find((line) => line !== '' && !line.startsWith('#')) === '*'
    ? []
    : [
        {
          file: ignoring,
          line: 1,
          wrong: 'sends what it does not name',
          instead: 'Begin with `*`, and name what is sent.',
        },
      ]
