import type { Finding } from './finding.ts'

const folder = 'docs/decisions/'
const template = `${folder}template.md`
const headings = ['## Context', '## Decision', '## What would change our mind']

/** Decision records are numbered from 0001 without gaps, and each has a title and the three sections, all with text. */
export const checkDecisions = (texts: ReadonlyMap<string, string>): readonly Finding[] => {
  const files = [...texts.keys()].filter((file) => file.startsWith(folder) && file.endsWith('.md'))
  const records = files.filter((file) => file !== template).toSorted()
  return [
    ...records.flatMap((file, index) => checkName(file, index + 1)),
    ...records.flatMap((file) => checkForm(file, texts.get(file) ?? '')),
  ]
}

const checkName = (file: string, expected: number): readonly Finding[] => {
  const number = file.slice(folder.length).match(/^(\d{4})-[a-z0-9-]+\.md$/)?.[1]
  if (number !== undefined && Number(number) === expected) return []
  return [
    {
      file,
      line: 0,
      wrong: `stands where ${folder}${String(expected).padStart(4, '0')}-….md is expected`,
      instead: 'Name records NNNN-what-was-decided.md, counting from 0001 without gaps or repetitions.',
    },
  ]
}

const checkForm = (file: string, text: string): readonly Finding[] => {
  const number = file.slice(folder.length, folder.length + 4)
  const [title = '', ...sections] = text.split(/^(?=## )/m)
  const wrongs: string[] = []
  if (!new RegExp(`^# ${number} \\S[^\\n]+\\n`).test(title))
    wrongs.push(`does not begin with "# ${number} …"`)
  const found = sections.map((section) => section.split('\n')[0] ?? '')
  if (found.join('\n') !== headings.join('\n')) wrongs.push(`has not the sections ${headings.join(', ')}`)
  const empty = sections.find((section) => section.split('\n').slice(1).join('').trim() === '')
  if (empty !== undefined) wrongs.push(`says nothing under ${empty.trim()}`)
  return wrongs.map((wrong) => ({ file, line: 1, wrong, instead: `Follow ${template}.` }))
}
