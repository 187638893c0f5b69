import type { Texts } from './texts.ts'

export const es: Texts = {
  direction: 'ltr',
  labels: { number: 'Número de tarjeta', expiry: 'Caducidad', code: 'Código de seguridad' },
  knownCard: 'Tarjeta',
  expiryPlaceholder: 'MM / AA',
  codeOnBack: '3 dígitos en el reverso de la tarjeta',
  codeOnFront: '4 dígitos en el anverso de la tarjeta',
  numberErrors: {
    empty: 'Introduce el número de tarjeta.',
    incomplete: 'El número de tarjeta está incompleto.',
    invalid: 'Revisa el número de tarjeta.',
  },
  expiryErrors: {
    empty: 'Introduce la fecha de caducidad.',
    incomplete: 'La fecha de caducidad está incompleta.',
    invalid: 'Revisa la fecha de caducidad.',
    expired: 'Esta tarjeta ha caducado.',
  },
  codeErrors: {
    empty: 'Introduce el código de seguridad.',
    incomplete: 'El código de seguridad está incompleto.',
    invalid: 'Revisa el código de seguridad.',
  },
  describeCard: (brand, last4, expiry) => `${brand} terminada en ${last4}, caduca ${expiry}`,
  unknownBrand: 'Tarjeta',
  failures: {
    invalid: 'Revisa los campos marcados.',
    busy: 'Un momento, estamos procesando tu tarjeta.',
    session: 'El tiempo para introducir la tarjeta ha terminado. Empieza de nuevo.',
    refused: 'La tarjeta no se ha aceptado. Revisa los datos.',
    unreachable: 'La conexión ha fallado. Inténtalo de nuevo.',
  },
}
