import type { Texts } from './texts.ts'

export const ar: Texts = {
  direction: 'rtl',
  labels: { number: 'رقم البطاقة', expiry: 'تاريخ الانتهاء', code: 'رمز الأمان' },
  knownCard: 'البطاقة',
  expiryPlaceholder: 'MM / YY',
  codeOnBack: '3 أرقام على ظهر البطاقة',
  codeOnFront: '4 أرقام على وجه البطاقة',
  numberErrors: {
    empty: 'أدخل رقم البطاقة.',
    incomplete: 'رقم البطاقة غير مكتمل.',
    invalid: 'تحقق من رقم البطاقة.',
  },
  expiryErrors: {
    empty: 'أدخل تاريخ الانتهاء.',
    incomplete: 'تاريخ الانتهاء غير مكتمل.',
    invalid: 'تحقق من تاريخ الانتهاء.',
    expired: 'انتهت صلاحية هذه البطاقة.',
  },
  codeErrors: {
    empty: 'أدخل رمز الأمان.',
    incomplete: 'رمز الأمان غير مكتمل.',
    invalid: 'تحقق من رمز الأمان.',
  },
  describeCard: (brand, last4, expiry) => `${brand} تنتهي بالأرقام ${last4}، صالحة حتى ${expiry}`,
  unknownBrand: 'بطاقة',
  failures: {
    invalid: 'يرجى التحقق من الحقول المحددة.',
    busy: 'لحظة من فضلك، تجري معالجة بطاقتك.',
    session: 'انتهى وقت إدخال البطاقة. يرجى البدء من جديد.',
    refused: 'لم تُقبل البطاقة. يرجى التحقق من البيانات.',
    unreachable: 'تعذّر الاتصال. يرجى المحاولة مرة أخرى.',
  },
}
