import type { Texts } from './texts.ts'

export const pt: Texts = {
  direction: 'ltr',
  labels: { number: 'Número do cartão', expiry: 'Validade', code: 'Código de segurança' },
  knownCard: 'Cartão',
  expiryPlaceholder: 'MM / AA',
  codeOnBack: '3 dígitos no verso do cartão',
  codeOnFront: '4 dígitos na frente do cartão',
  numberErrors: {
    empty: 'Informe o número do cartão.',
    incomplete: 'O número do cartão está incompleto.',
    invalid: 'Verifique o número do cartão.',
  },
  expiryErrors: {
    empty: 'Informe a data de validade.',
    incomplete: 'A data de validade está incompleta.',
    invalid: 'Verifique a data de validade.',
    expired: 'Este cartão está vencido.',
  },
  codeErrors: {
    empty: 'Informe o código de segurança.',
    incomplete: 'O código de segurança está incompleto.',
    invalid: 'Verifique o código de segurança.',
  },
  describeCard: (brand, last4, expiry) => `${brand} com final ${last4}, válido até ${expiry}`,
  unknownBrand: 'Cartão',
  failures: {
    invalid: 'Verifique os campos marcados.',
    busy: 'Um momento: o seu cartão está sendo processado.',
    session: 'O tempo para informar o cartão terminou. Comece de novo.',
    refused: 'O cartão não foi aceito. Verifique os dados.',
    unreachable: 'A conexão falhou. Tente novamente.',
  },
}
