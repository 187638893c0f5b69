import type { ElementKind } from '../protocol/public.ts'

/** What a screen reader calls the frame. */
export const titleOf = (kind: ElementKind, locale: string): string =>
  (titles[locale.slice(0, 2).toLowerCase()] ?? english)[kind]

const english = { card: 'Card details', code: 'Security code' }

const titles: Readonly<Record<string, Readonly<Record<ElementKind, string>>>> = {
  ar: { card: 'بيانات البطاقة', code: 'رمز الأمان' },
  de: { card: 'Kartendaten', code: 'Prüfnummer' },
  es: { card: 'Datos de la tarjeta', code: 'Código de seguridad' },
  fr: { card: 'Données de la carte', code: 'Cryptogramme' },
  ja: { card: 'カード情報', code: 'セキュリティコード' },
  pt: { card: 'Dados do cartão', code: 'Código de segurança' },
}
