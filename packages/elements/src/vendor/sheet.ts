import type { Style } from './style.ts'

/** Sheets are built by functions, not from text: a value stays a value, and the page's policy needs no exception. */
export const createSheet = (style: Style): CSSStyleSheet => {
  const sheet = new CSSStyleSheet()
  for (const [selector, declarations] of Object.entries(style)) {
    const rule = sheet.cssRules[sheet.insertRule(`${selector} {}`, sheet.cssRules.length)]
    if (!(rule instanceof CSSStyleRule)) continue
    for (const [name, value] of Object.entries(declarations)) rule.style.setProperty(name, value)
  }
  return sheet
}

/** The box around an input is the merchant's, and shows the focus as it likes; the caret shows it in any case. */
export const ownStyle: Style = {
  'html, body, .row': { height: '100%' },
  body: { margin: '0', background: 'transparent' },
  '.row': { display: 'flex', gap: '0.75em' },
  input: {
    ...{ flex: '1 1 0', 'min-width': '0', height: '100%', padding: '0', 'box-sizing': 'border-box' },
    ...{
      border: '0',
      outline: '0',
      background: 'transparent',
      color: 'inherit',
      font: '1rem system-ui, sans-serif',
    },
  },
  '.row input.cardExpirationDate': { flex: '0 1 5.5em' },
  '.row input.cardVerificationCode': { flex: '0 1 3.5em' },
}
