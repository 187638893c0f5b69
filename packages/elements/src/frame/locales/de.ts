import type { Texts } from './texts.ts'

export const de: Texts = {
  direction: 'ltr',
  labels: { number: 'Kartennummer', expiry: 'Gültig bis', code: 'Prüfnummer' },
  knownCard: 'Karte',
  expiryPlaceholder: 'MM / JJ',
  codeOnBack: '3 Ziffern auf der Rückseite der Karte',
  codeOnFront: '4 Ziffern auf der Vorderseite der Karte',
  numberErrors: {
    empty: 'Bitte die Kartennummer eingeben.',
    incomplete: 'Die Kartennummer ist unvollständig.',
    invalid: 'Bitte die Kartennummer prüfen.',
  },
  expiryErrors: {
    empty: 'Bitte das Ablaufdatum eingeben.',
    incomplete: 'Das Ablaufdatum ist unvollständig.',
    invalid: 'Bitte das Ablaufdatum prüfen.',
    expired: 'Diese Karte ist abgelaufen.',
  },
  codeErrors: {
    empty: 'Bitte die Prüfnummer eingeben.',
    incomplete: 'Die Prüfnummer ist unvollständig.',
    invalid: 'Bitte die Prüfnummer prüfen.',
  },
  describeCard: (brand, last4, expiry) => `${brand} mit den Endziffern ${last4}, gültig bis ${expiry}`,
  unknownBrand: 'Karte',
  failures: {
    invalid: 'Bitte prüfen Sie die markierten Felder.',
    busy: 'Einen Moment bitte, Ihre Karte wird verarbeitet.',
    session: 'Die Zeit für die Eingabe ist abgelaufen. Bitte beginnen Sie von vorn.',
    refused: 'Die Karte wurde nicht angenommen. Bitte prüfen Sie Ihre Angaben.',
    unreachable: 'Die Verbindung ist fehlgeschlagen. Bitte versuchen Sie es noch einmal.',
  },
}
