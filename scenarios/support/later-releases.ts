import { makeNewerProgram, presentVersion } from './newer-program.ts'

/*
 * A column is given another name, as ARCHITECTURE.md says under "Upgrades": one release adds the new column and leaves the old
 * one alone, the next takes the old one away. The column is one of those that every token is written with; that programs of
 * both versions see what the other wrote there is left out, because nothing here depends on it.
 */

const old = 'ends_with_card'
const later = 'its_end_is_its_cards'

/** Tables that a load writes all the time: what they have more is nothing to older programs. */
const busy = ['deliveries', 'audit_entries', 'credentials', 'cvv_rotations', 'issued_cards', 'keys']

const expanding = [
  '-- expand',
  `alter table tokens add column ${later} integer not null default 0;`,
  ...busy.map((table) => `alter table ${table} add column of_a_later_release text not null default 'x';`),
].join('\n')

const contracting = `-- contract: needs version ${presentVersion + 1}\nalter table tokens drop column ${old};\n`

const renamed = { [old]: later }

/** Made for every tenant when the first process of it starts. */
export const laterKeyPurpose = 'of-a-later-release'

const both = { renamed, keyPurpose: laterKeyPurpose }

export const makeExpandingRelease = () => makeNewerProgram({ migrations: [expanding], ...both })

export const makeContractingRelease = () =>
  makeNewerProgram({ migrations: [expanding, contracting], ...both })
