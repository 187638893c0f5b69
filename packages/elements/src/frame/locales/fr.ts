import type { Texts } from './texts.ts'

export const fr: Texts = {
  direction: 'ltr',
  labels: { number: 'Numéro de carte', expiry: 'Date d’expiration', code: 'Cryptogramme' },
  knownCard: 'Carte',
  expiryPlaceholder: 'MM / AA',
  codeOnBack: '3 chiffres au dos de la carte',
  codeOnFront: '4 chiffres au recto de la carte',
  numberErrors: {
    empty: 'Saisissez le numéro de carte.',
    incomplete: 'Le numéro de carte est incomplet.',
    invalid: 'Vérifiez le numéro de carte.',
  },
  expiryErrors: {
    empty: 'Saisissez la date d’expiration.',
    incomplete: 'La date d’expiration est incomplète.',
    invalid: 'Vérifiez la date d’expiration.',
    expired: 'Cette carte a expiré.',
  },
  codeErrors: {
    empty: 'Saisissez le cryptogramme.',
    incomplete: 'Le cryptogramme est incomplet.',
    invalid: 'Vérifiez le cryptogramme.',
  },
  describeCard: (brand, last4, expiry) => `${brand} se terminant par ${last4}, expire le ${expiry}`,
  unknownBrand: 'Carte',
  failures: {
    invalid: 'Vérifiez les champs signalés.',
    busy: 'Un instant, votre carte est en cours de traitement.',
    session: 'Le temps de saisie est écoulé. Veuillez recommencer.',
    refused: 'La carte n’a pas été acceptée. Vérifiez votre saisie.',
    unreachable: 'La connexion a échoué. Veuillez réessayer.',
  },
}
