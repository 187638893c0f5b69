import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkDeploy, readTexts } from './check-deploy.ts'
import { checkCompose } from './deploy/compose.ts'
import { checkDockerfile } from './deploy/dockerfile.ts'
import { checkFields } from './deploy/fields.ts'
import { checkManifests } from './deploy/manifests.ts'

const texts = readTexts(join(import.meta.dirname, '..'))

/** The files with one text in one of them exchanged, wherever it stands there. */
const exchanged = (file: string, from: string, to: string): ReadonlyMap<string, string> => {
  const text = texts.get(file) ?? ''
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  return new Map([...texts, [file, text.replaceAll(from, to)]])
}

const manifest = (name: string): string => `deploy/kubernetes/${name}.yaml`

/** The one check that a file concerns: all of them for each row would take long. */
const checkOf = (file: string) => {
  if (file.startsWith('deploy/kubernetes/')) return checkManifests
  return /Dockerfile|\.dockerignore/.test(file) ? checkDockerfile : checkCompose
}

test('what people copy is in order', () => {
  expect(checkDeploy(texts)).toEqual([])
})

test.each([
  ['an instruction that there is none of', 'Dockerfile', 'EXPOSE', 'EXPOSES', /EXPOSES/],
  ['an image without a version', 'Dockerfile', 'node:24-trixie-slim', 'node', /builds on node/],
  ['the newest image, whichever that is', 'Dockerfile', 'node:24-trixie-slim', 'node:latest', /builds on/],
  ['root', 'Dockerfile', 'USER 1000:1000', 'USER 0:0', /runs as root/],
  ['a user by name', 'Dockerfile', 'USER 1000:1000', 'USER node', /without a number/],
  ['no health check', 'Dockerfile', 'HEALTHCHECK', 'LABEL', /has no HEALTHCHECK/],
  ['a start through a shell', 'Dockerfile', 'ENTRYPOINT ["cardkeep"]', 'ENTRYPOINT cardkeep', /shell/],
  ['a source that is not there', 'Dockerfile', 'COPY packages/core ', 'COPY packages/kore ', /not there/],
  ['a source that is not sent', 'Dockerfile', 'COPY packages/core ', 'COPY docs ', /\.dockerignore hides/],
  ['something that is fetched', 'Dockerfile', 'COPY package.json LICENSE', 'ADD package.json', /uses ADD/],
  ['a workspace less', 'Dockerfile', 'COPY packages/testing/package.json', '# COPY', /packages\/testing/],
  ['everything that lies about', '.dockerignore', '\n*\n', '\n', /does not name/],
  ['a key that no service has', 'compose.yaml', 'read_only:', 'readonly:', /readonly/],
  ['a service that writes', 'compose.yaml', 'read_only: true', 'read_only: false', /may write/],
  ['a service as root', 'compose.yaml', 'user: "999:999"', 'user: "0:0"', /database runs as root/],
  ['capabilities', 'compose.yaml', 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', /keeps capabilities/],
  ['privileges to gain', 'compose.yaml', 'no-new-privileges:true', 'label:disable', /may gain/],
  ['an image of a service without a version', 'compose.yaml', 'postgres:17-trixie', 'postgres', /version/],
  ['a door to everybody', 'compose.yaml', '127.0.0.1:8443:8443', '8443:8443', /beyond this machine/],
  [
    'a file that is not there',
    'compose.yaml',
    'compose/codes.conf',
    'compose/code.conf',
    /which is not there/,
  ],
  [
    'a secret that is not mounted',
    'compose.yaml',
    'vault-secrets:/secrets:ro',
    'root-key:/x',
    /nothing is mounted/,
  ],
  [
    'a setting that there is none of',
    'deploy/compose/vault.env',
    'DRAIN_SECONDS',
    'DRAIN',
    /CARDKEEP_DRAIN is not a/,
  ],
  ['a way in plain', 'deploy/compose/vault.env', 'rediss:', 'redis:', /CARDKEEP_CODES/],
  ['a node that is killed early', 'compose.yaml', ': 90s', ': 65s', /node-1 is killed while it finishes/],
  [
    'a password in a variable',
    'compose.yaml',
    'POSTGRES_PASSWORD_FILE: /secrets/superuser.password',
    'POSTGRES_PASSWORD: x',
    /database is told a secret in POSTGRES_PASSWORD/,
  ],
  [
    'a password in a URL',
    'deploy/compose/vault.env',
    'cardkeep_node@',
    'cardkeep_node:x@',
    /node-2 is told a secret in CARDKEEP_DATABASE_URL/,
  ],
  ['another list of what a vault may say', 'deploy/compose/codes.acl', '+time', '+keys', /cluster\.md/],
  ['a setting of nodes', manifest('settings'), 'CARDKEEP_HOST', 'CARDKEEP_HOSTS', /CARDKEEP_HOSTS is not a/],
  ['a port that is not opened', manifest('settings'), '"8443"', '"8444"', /does not open 8444/],
  [
    'links to services',
    manifest('nodes'),
    'enableServiceLinks: false',
    'enableServiceLinks: true',
    /variables/,
  ],
  ['a token', manifest('nodes'), 'automountServiceAccountToken: false', 'hostNetwork: false', /token/],
  ['root in a pod', manifest('nodes'), 'runAsNonRoot: true', 'runAsNonRoot: false', /may run as root/],
  ['a writable root', manifest('nodes'), 'readOnlyRootFilesystem: true', 'privileged: false', /may write/],
  ['a probe that starts anew what waits', manifest('nodes'), '/health/live', '/health/ready', /alive/],
  ['a probe that is always good', manifest('nodes'), '/health/ready', '/health/live', /is ready/],
  ['a pod that is killed early', manifest('nodes'), 'Seconds: 90', 'Seconds: 75', /is killed while it/],
  ['no limit of memory', manifest('schema'), 'limits:', 'claims:', /sets no limit to the memory/],
  [
    'a secret that nobody makes',
    manifest('nodes'),
    'secretName: backends',
    'secretName: backend',
    /Secret backend/,
  ],
  [
    'a file of a secret',
    manifest('secrets.example'),
    'client.key:',
    'client.keys:',
    /no Secret brings there/,
  ],
  ['the value of a secret', manifest('secrets.example'), 'tls.key: ""', 'tls.key: x', /has a value/],
  ['a budget for nobody', manifest('disruption'), 'component: node', 'component: nodes', /selects no pod/],
  ['a rule for nobody', manifest('network-policy'), 'component: node', 'component: nodes', /selects no pod/],
  ['a file that is not applied', manifest('kustomization'), '  - disruption.yaml\n', '', /does not list/],
])('%s is found', (_, file, from, to, wrong) => {
  const found = checkOf(file)(exchanged(file, from, to))
  expect(found.map((finding) => finding.wrong).join('\n')).toMatch(wrong)
})

test('fields that the API does not know, or that are of another type, are found', () => {
  const spoilt = new Map([
    ...exchanged(manifest('nodes'), 'fsGroupChangePolicy', 'fsGroupPolicy'),
    ...[...exchanged(manifest('disruption'), 'maxUnavailable: 1', 'maxUnavailable: [1]')].filter(
      ([file]) => file === manifest('disruption'),
    ),
  ])
  expect(checkFields(spoilt)).toMatchObject([
    { file: manifest('disruption'), wrong: expect.stringContaining('number[]') },
    { file: manifest('nodes'), wrong: expect.stringContaining('fsGroupPolicy') },
  ])
})
