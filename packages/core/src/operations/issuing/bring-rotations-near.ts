import { aheadAtMostMs, bringNear, type CvvRotation, dueAtOf } from '../../issuing/rotation.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, Store } from '../../ports.ts'

type Ports = {
  readonly store: Pick<Store, 'farRotations' | 'commit' | 'issuer'>
  readonly clock: Clock
}

const batch = 200

/** Brings back rotations that a clock far ahead put further away than their interval. Answers how many. */
export const bringRotationsNear = async ({ store, clock }: Ports): Promise<number> => {
  const at = clock.now()
  let brought = 0
  for (;;) {
    const before = brought
    const far = await store.farRotations(at, aheadAtMostMs, batch)
    for (const made of await Promise.all(far.map((rotation) => bringOne(store, rotation, at))))
      if (made) brought++
    // One that somebody changes at this moment is near again by that.
    const isStuck = brought === before
    if (far.length < batch || isStuck) return brought
  }
}

const bringOne = async (store: Ports['store'], rotation: CvvRotation, at: EpochMs): Promise<boolean> => {
  const schedule = bringNear(rotation.schedule, at)
  if (!schedule) return false
  const issuer = await store.issuer(rotation.tenantId)
  const dueAt = dueAtOf(schedule, rotation.cardId, issuer?.settings.jitterMs ?? 0)
  const { ok } = await store.commit([
    { type: 'replace-rotation', rotation: { ...rotation, schedule, dueAt, version: rotation.version + 1 } },
  ])
  return ok
}
