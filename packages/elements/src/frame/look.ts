import type { Appearance, AppearanceVariables } from '../protocol/public.ts'

/** Sets what the page wishes as custom properties, which the style sheet uses where it has a place for them. */
export const applyAppearance = ({ theme = 'light', variables = {} }: Appearance): void => {
  const root = document.documentElement
  root.style.setProperty('color-scheme', theme === 'auto' ? 'light dark' : theme)
  const system = matchMedia('(prefers-color-scheme: dark)')
  const follow = () => {
    root.dataset['theme'] = theme === 'auto' ? (system.matches ? 'dark' : 'light') : theme
  }
  follow()
  if (theme === 'auto') system.addEventListener('change', follow)
  for (const [name, property] of Object.entries(properties)) {
    const value = variables[name as keyof AppearanceVariables]
    if (value !== undefined) root.style.setProperty(property, value)
  }
}

const properties: Readonly<Record<keyof AppearanceVariables, string>> = {
  colorText: '--text',
  colorLabel: '--label',
  colorPlaceholder: '--placeholder',
  colorBackground: '--ground',
  colorBorder: '--border',
  colorAccent: '--accent',
  colorError: '--error',
  fontFamily: '--font',
  fontSize: '--size',
  labelSize: '--label-size',
  labelWeight: '--label-weight',
  borderRadius: '--radius',
  borderWidth: '--line',
  spacing: '--gap',
  padding: '--padding',
}
