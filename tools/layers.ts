/*
 * Who may use whom. Arrows point inwards:
 *
 *   bin → cli → doctor → compose → dialects, frames, jobs → http, storage, ephemeral, egress, audit → keys → log → core
 *
 * and in a browser, where page and frame know each other by their messages alone:
 *
 *   elements host → elements protocol ← elements frame → core, and elements vendor → elements frame
 *   elements encryption → elements protocol
 *
 * A layer that wants something of another asks for a port of the core and is handed the implementation by compose.
 * Where a row allows more than that it gives the reason.
 */

export interface Layer {
  readonly name: string
  /** A folder (ends with `/`) or a file. Of several that hold a file the longest wins. */
  readonly at: string
  /** Every folder in it is a layer of its own. */
  readonly apart?: true
  /** Names of layers. Nothing means nothing: no module of Node and no package either. */
  readonly uses: readonly string[] | 'anything'
  /** The one file in it that may load a module from an address that it computes; `because` says why. */
  readonly loader?: string
  readonly because?: string
  /** Told to whoever uses this layer without being allowed to. */
  readonly instead: string
}

const viaPort = (port: string): string =>
  `Ask for \`${port}\` of packages/core/src/ports.ts; compose hands it over. What both need is a rule, and rules belong in core.`

export const layers: readonly Layer[] = [
  {
    name: 'core',
    at: 'packages/core/src/',
    uses: [],
    instead: 'Core may be used by everyone.',
  },
  {
    name: 'testing',
    at: 'packages/testing/src/',
    uses: 'anything',
    instead: 'What ships does not lean on test code. What both need belongs in core or server.',
  },
  {
    name: 'elements protocol',
    at: 'packages/elements/src/protocol/',
    uses: [],
    instead: 'The server takes the built files of packages/elements/dist/, never the sources.',
  },
  {
    name: 'elements host',
    at: 'packages/elements/src/host/',
    uses: ['elements protocol'],
    instead:
      "It runs on a stranger's page: the frame hears of it by the messages of packages/elements/src/protocol/.",
  },
  {
    name: 'elements frame',
    at: 'packages/elements/src/frame/',
    uses: ['elements protocol', 'core'],
    because: 'What a card number or an expiry must be is said once, in core, and bundled.',
    instead:
      'It holds cards in clear: the page hears of it by the messages of packages/elements/src/protocol/.',
  },
  {
    name: 'elements vendor',
    at: 'packages/elements/src/vendor/',
    uses: ['elements frame', 'elements protocol', 'core'],
    because: 'A number is grouped and judged as in the frame; only the messages are those of another SDK.',
    instead: 'What other fields need of it belongs in packages/elements/src/frame/.',
  },
  {
    name: 'elements encryption',
    at: 'packages/elements/src/encrypt-card/',
    uses: ['elements protocol'],
    loader: 'packages/elements/src/encrypt-card/library-beside.ts',
    because: 'Its library is no part of its script, but a file beside it, wherever that is served.',
    instead:
      'It encrypts what a page has in clear, with a library of its own: what the fields need is in packages/elements/src/frame/.',
  },
  {
    name: 'bin',
    at: 'packages/server/bin/',
    uses: ['cli'],
    instead: 'Nothing uses the launcher; put the code in packages/server/src/cli/.',
  },
  {
    name: 'cli',
    at: 'packages/server/src/cli/',
    uses: [
      'doctor',
      'compose',
      'config',
      'credentials',
      'audit',
      'shipping',
      'bins',
      'jobs',
      'keys',
      'issuing',
      'webhooks',
      'passport',
      'log',
      'core',
    ],
    because:
      'A command explains the failures of keys, makes credentials in the form of their dialect and signing secrets in ' +
      'that of their webhook, reads the audit log and signs it, and rotates what is due; what it opens to do so comes from compose.',
    instead: 'Nothing uses the command line; what is shared belongs in core or in compose.',
  },
  {
    name: 'doctor',
    at: 'packages/server/src/doctor/',
    uses: ['compose', 'config', 'audit', 'shipping', 'core'],
    because: 'It examines a vault as compose opened it, and how far its audit log has been shipped.',
    instead:
      'Only the command line examines; what a running vault must know of itself is readiness, in http.',
  },
  {
    name: 'compose',
    at: 'packages/server/src/compose/',
    uses: [
      ...[
        'dialects',
        'frames',
        'http',
        'storage',
        'ephemeral',
        'captures',
        'keys',
        'egress',
        'jobs',
        'audit',
        'shipping',
        'issuing',
        'webhooks',
        'metrics',
        'network-tokens',
        'passport',
      ],
      ...['log', 'clock', 'services', 'config', 'core'],
    ],
    instead: 'Implementations are handed over, not fetched: take what you need as a parameter.',
  },
  {
    name: 'config',
    at: 'packages/server/src/config.ts',
    uses: ['settings', 'core'],
    instead: 'Take the one value you need as a parameter; compose passes it on.',
  },
  {
    name: 'settings',
    at: 'packages/server/src/config/',
    uses: ['core'],
    instead: 'What config.ts has read is in its `Config`; take the one value you need as a parameter.',
  },
  {
    name: 'services',
    at: 'packages/server/src/services.ts',
    uses: ['passport', 'core'],
    instead: 'Take the one port you need as a parameter, as operations do.',
  },
  {
    name: 'clock',
    at: 'packages/server/src/clock.ts',
    uses: ['core'],
    instead: 'Take `Clock` or `Ids` of packages/core/src/ports.ts; compose hands them over.',
  },
  {
    name: 'log',
    at: 'packages/server/src/log/',
    uses: ['config', 'core'],
    because: 'The levels of the log are a setting.',
    instead: 'Take a `Log` as a parameter.',
  },
  {
    name: 'dialects',
    at: 'packages/server/src/dialects/',
    apart: true,
    uses: ['http', 'services', 'passport', 'log', 'core'],
    because:
      'A dialect is a list of routes, and http says what a route is; it reads what a token is asked with, and what a ' +
      'refusal quotes is scrubbed as in the log.',
    instead:
      'What two dialects share belongs in core (a rule) or in http (how a route is read and answered).',
  },
  {
    name: 'frames',
    at: 'packages/server/src/frames/',
    uses: ['http', 'services', 'core'],
    because: 'A page is what http says it is, and is served for a session that the core finds.',
    instead: 'Pages for browsers are listed in packages/server/src/frames/pages.ts; compose mounts them.',
  },
  {
    name: 'credentials',
    at: 'packages/server/src/dialects/credentials.ts',
    uses: ['dialects', 'core'],
    because: 'It is the table of how each dialect spells a credential.',
    instead: 'Credentials are made by a command of the operator, in packages/server/src/cli/.',
  },
  {
    name: 'http',
    at: 'packages/server/src/http/',
    uses: ['services', 'config', 'version', 'log', 'core'],
    because:
      'The listener takes its settings by type, hands the ports to the routes, writes one line a request, and its ' +
      'documents say which version answers.',
    instead: 'Only dialects know HTTP. What is not about HTTP belongs in core.',
  },
  {
    name: 'storage',
    at: 'packages/server/src/storage/',
    uses: ['audit', 'core'],
    because: 'The chain of the audit log is advanced in the transaction that writes an entry.',
    instead: viaPort('Store'),
  },
  {
    name: 'ephemeral',
    at: 'packages/server/src/ephemeral/',
    uses: ['keys', 'core'],
    because: 'A held code is sealed under the code key, and its place is named by a keyed hash.',
    instead: viaPort('CodeStore'),
  },
  {
    name: 'bins',
    at: 'packages/server/src/bins/',
    uses: ['core'],
    instead: 'Tables are imported by the command line; what they say is asked of `Store.bin`.',
  },
  {
    name: 'audit',
    at: 'packages/server/src/audit/',
    uses: ['keys', 'core'],
    because: 'A verdict on the log checks the signatures that the audit key made.',
    instead:
      'The log is written by a change of type `audit`; only a store links entries, only the command line and the doctor read them.',
  },
  {
    name: 'shipping',
    at: 'packages/server/src/shipping/',
    uses: ['audit', 'jobs', 'log', 'config', 'core'],
    because:
      'It writes the log as the audit folder spells it, again and again, to the places that settings name.',
    instead: 'The audit log leaves the machine by packages/server/src/shipping/ alone; compose starts it.',
  },
  {
    name: 'keys',
    at: 'packages/server/src/keys/',
    uses: ['core'],
    instead: viaPort('CardCipher'),
  },
  {
    name: 'captures',
    at: 'packages/server/src/captures/',
    uses: ['keys', 'core'],
    because:
      'A private key is unsealed before a worker has it, and what was opened is named by a keyed hash.',
    instead: viaPort('Captures'),
  },
  {
    name: 'egress',
    at: 'packages/server/src/egress/',
    uses: ['core'],
    instead: viaPort('Egress'),
  },
  {
    name: 'webhooks',
    at: 'packages/server/src/webhooks/',
    uses: ['log', 'core'],
    because: 'What was paused or given up is written down.',
    instead: 'Events are told by a change of type `emit-event`; compose starts what delivers them.',
  },
  {
    name: 'issuing',
    at: 'packages/server/src/issuing/',
    uses: ['log', 'core'],
    because: 'What could not be rotated is written down.',
    instead: 'Rotations that are due find themselves; compose starts what looks for them.',
  },
  {
    name: 'network-tokens',
    at: 'packages/server/src/network-tokens/',
    uses: ['core'],
    instead: viaPort('NetworkTokenProviders'),
  },
  {
    name: 'passport',
    at: 'packages/server/src/passport/',
    uses: ['keys', 'core'],
    because: 'The private keys that sign access tokens are unsealed where a token is signed.',
    instead: 'Tokens are asked of `Services.passport`; compose makes it, and http proves clients for it.',
  },
  {
    name: 'metrics',
    at: 'packages/server/src/metrics/',
    uses: ['http', 'ephemeral', 'keys', 'version', 'core'],
    because: 'It wraps what it counts, and knows each of them by its type alone.',
    instead: 'Nothing counts itself: compose puts the counting around it.',
  },
  {
    name: 'version',
    at: 'packages/server/src/version.ts',
    uses: [],
    instead: 'Take the version as a parameter.',
  },
  {
    name: 'jobs',
    at: 'packages/server/src/jobs/',
    uses: ['log', 'config', 'core'],
    because: 'A job that fails is written down, and one of them watches the files that the settings name.',
    instead: 'Nothing waits for a job: compose starts it, and what it runs is an operation of the core.',
  },
]
