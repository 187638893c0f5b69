import { type MarkBackend, type MarkVerdict, marksPerOwner } from '../mark-backend.ts'
import { type MarksSince, serverNow } from './adopt-server.ts'
import type { RedisConnection, ServerTime } from './connection.ts'
import { spellName } from './layout.ts'
import { admitMarkScript, releaseMarkScript } from './mark-scripts.ts'
import type { Naming } from './redis-backend.ts'

/** What the script answers, by number. */
const verdicts: readonly MarkVerdict[] = ['known', 'admitted', 'full']

/** On a server that nodes share, which forgets them by itself. Since when it knows them `adoptServer` says. */
export const createRedisMarks = (
  connection: Pick<RedisConnection, 'run' | 'call'>,
  { prefix, hash }: Naming,
  {
    marksSince,
    time,
    limit = marksPerOwner,
  }: { readonly marksSince: MarksSince; readonly time: ServerTime; readonly limit?: number },
): MarkBackend => {
  const keyOf = (owner: string): string => `${prefix}m:${hash(owner)}`
  return {
    admit: async ({ name, owner, ttlMs, at }) => {
      const keys = [`${prefix}marks-since`, keyOf(owner)]
      const admit = async (since: string) =>
        verdicts[
          Number(
            await connection.run(admitMarkScript, keys, [
              ...[time(), since, String(at), String(ttlMs), spellName(name), String(limit)],
            ]),
          )
        ]
      // Asked for only where the server lost all since it was looked at.
      const verdict =
        (await admit('')) ?? (await admit(String(await marksSince(await serverNow(connection.call)))))
      // Precondition: a script that is told since when answers one of them.
      if (!verdict) throw new Error('a capture was neither admitted nor known')
      return verdict
    },
    release: async ({ name, owner }) => {
      await connection.run(releaseMarkScript, [keyOf(owner)], [spellName(name)])
    },
  }
}
