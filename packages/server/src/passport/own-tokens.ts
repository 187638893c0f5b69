/** What `iss` and `aud` say of a token that the vault signed. */
export const ownIssuer = 'cardkeep'
export const ownAudience = 'cardkeep:pismo'
