import type { Dialect } from './dialect.ts'
import type { Route } from './route.ts'

export interface Owner {
  readonly dialect?: Dialect
  readonly route?: Route
}

/**
 * In whose words a request is told no that no route takes, such as one with a wrong method: those of the API that has
 * the path or what it begins with, or of the only one that is offered.
 */
export const findOwner = (dialects: readonly Dialect[], url: string): Owner => {
  const path = url.replace(/[?#].*$/s, '').replace(/\/+$/, '')
  for (const dialect of dialects)
    for (const route of dialect.routes) if (isAt(path, route)) return { dialect, route }
  for (const dialect of dialects)
    if (dialect.prefixes?.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
      return { dialect }
  const [only, ...others] = dialects
  return only && others.length === 0 ? { dialect: only } : {}
}

const isAt = (path: string, route: Route): boolean => {
  const [fixed = '', parameter] = route.path.split('/:')
  return path === fixed || (parameter !== undefined && path.startsWith(`${fixed}/`))
}
