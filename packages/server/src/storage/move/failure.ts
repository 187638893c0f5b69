import { UnavailableError } from '@cardkeep/core/errors'

/** A move that cannot be done, or not now; the message is one line for whoever asked for it. */
export class MoveFailure extends UnavailableError {}
