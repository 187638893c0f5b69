import type { Texts } from './texts.ts'

export const ja: Texts = {
  direction: 'ltr',
  labels: { number: 'カード番号', expiry: '有効期限', code: 'セキュリティコード' },
  knownCard: 'カード',
  expiryPlaceholder: '月 / 年',
  codeOnBack: 'カード裏面の3桁の番号',
  codeOnFront: 'カード表面の4桁の番号',
  numberErrors: {
    empty: 'カード番号を入力してください。',
    incomplete: 'カード番号の桁数が足りません。',
    invalid: 'カード番号をご確認ください。',
  },
  expiryErrors: {
    empty: '有効期限を入力してください。',
    incomplete: '有効期限を最後まで入力してください。',
    invalid: '有効期限をご確認ください。',
    expired: 'このカードは有効期限が切れています。',
  },
  codeErrors: {
    empty: 'セキュリティコードを入力してください。',
    incomplete: 'セキュリティコードの桁数が足りません。',
    invalid: 'セキュリティコードをご確認ください。',
  },
  describeCard: (brand, last4, expiry) => `${brand}、末尾 ${last4}、有効期限 ${expiry}`,
  unknownBrand: 'カード',
  failures: {
    invalid: '印の付いた項目をご確認ください。',
    busy: 'カードを処理しています。少々お待ちください。',
    session: '入力時間が終了しました。最初からやり直してください。',
    refused: 'このカードはご利用いただけませんでした。入力内容をご確認ください。',
    unreachable: '接続できませんでした。もう一度お試しください。',
  },
}
