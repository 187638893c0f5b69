import { createApiKeys } from '../../http/api-keys.ts'

/*
 * A key reads `hg_test_<id>_<secret>`. wire: hellgate §authentication: the header is verified, and that callers treat the
 * key as opaque; its form is inferred.
 */
const keys = createApiKeys('hg')

export const readCredential = keys.inHeader
export const spellCredential = keys.spell
