/** Text that stands nowhere in the repository. */
export interface Phrase {
  readonly form: RegExp
  /** Which files it is looked for in; all of them where it is missing. */
  readonly files?: RegExp
  readonly wrong: string
  readonly instead: string
}

export const phrases: readonly Phrase[] = [
  {
    form: /(?<![\w.~/-])\/(?:work|home|root|tmp|Users)\/|\bfile:\/\/\/|\b[A-Z]:\\Users\\/g,
    wrong: 'names a folder of one machine',
    instead: 'Use a path relative to the repository, or a folder made under os.tmpdir().',
  },
  {
    form: /"resolved": "[a-z+]*:\/\/[^"]*"/g,
    files: /(?:^|\/)package-lock\.json$/,
    wrong: 'pins the host of a registry',
    instead: 'Run npm install with omit-lockfile-registry-resolved=true; the integrity hashes stay.',
  },
  {
    form: /\bregistry\s*=/g,
    files: /(?:^|\/)\.npmrc$/,
    wrong: 'pins the host of a registry',
    instead: 'Leave the choice of a registry to the machine that installs.',
  },
  {
    // Among other currencies (ISO 4217) `XXX` is the code for none.
    form: /\b(?:TODO|FIXME|XXX(?! [A-Z]{3}\b))\b/g,
    wrong: 'leaves something unfinished',
    instead: 'Finish it or take it out; what is left for later is said in the documents, with its reason.',
  },
  {
    form: /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:only|todo)\b/g,
    files: /\.[cm]?[jt]s$/,
    wrong: 'switches other tests off, or is none',
    instead: 'Run one file or one title with `npm test -- <file> -t <title>`.',
  },
  {
    form: /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:skip|skipIf|runIf|fails)\b|\.skip\((?![^\n]*['"`]\w)/g,
    files: /\.[cm]?[jt]s$/,
    wrong: 'switches a test off without a reason',
    instead: "Call `context.skip(condition, 'the reason')` inside the test.",
  },
  {
    form: /\b(?:assistant|llm|ai-generated|copilot|chatgpt|claude|anthropic|openai|prompt-engineered)\b/gi,
    wrong: 'tells how the text was made',
    instead: 'Say what it does and why; who or what wrote it is no part of the project.',
  },
  {
    form: /\bdesign\.md\b|(?<![\w/.])shared\//g,
    wrong: 'cites a document that is not part of the repository',
    instead: 'Cite the decision record, or say the reason here.',
  },
]

/** Where a phrase may stand after all. One that is no longer needed is itself a finding. */
export interface Exception {
  readonly file: string
  readonly because: string
}

export const exceptions: readonly Exception[] = [
  { file: 'tools/texts.ts', because: 'It lists the phrases.' },
  { file: 'tools/check-texts.test.ts', because: 'It shows that each phrase is found.' },
]

/** Written by others or by a program, and checked only for what a phrase names its file for. */
export const foreign = /^(?:LICENSE|package-lock\.json|packages\/elements\/dist\/.*)$/
