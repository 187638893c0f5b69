import { expect, test } from 'vitest'
import { listFiles } from './files.ts'
import { makeTree } from './make-tree.ts'

const tree = (ignore: string) =>
  makeTree({
    '.gitignore': ignore,
    '.git/config': '',
    '.ci/run': '',
    'a.log': '',
    'data/b': '',
    'src/a.log.ts': '',
    'src/data/c': '',
  })

test('files come in order, hidden ones included, those of Git itself not', () => {
  expect(listFiles(tree(''))).toEqual([
    '.ci/run',
    '.gitignore',
    'a.log',
    'data/b',
    'src/a.log.ts',
    'src/data/c',
  ])
})

test.each([
  ['a folder anywhere', 'data/', ['.ci/run', '.gitignore', 'a.log', 'src/a.log.ts']],
  ['a folder at the top', '/data/', ['.ci/run', '.gitignore', 'a.log', 'src/a.log.ts', 'src/data/c']],
  ['an ending', '# logs\n*.log\n', ['.ci/run', '.gitignore', 'data/b', 'src/a.log.ts', 'src/data/c']],
])('%s is left out', (_, ignore, files) => expect(listFiles(tree(ignore))).toEqual(files))

test.each(['!a.log', 'src/**', 'a?', '[ab]'])(
  'the form %s, which is not understood, is no silent answer',
  (ignore) => {
    expect(() => listFiles(tree(ignore))).toThrow('does not understand')
  },
)
