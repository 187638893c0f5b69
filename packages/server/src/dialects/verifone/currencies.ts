/*
 * The API has two lists of currencies: that of what is told of a token that is read, and a later one. What is not in the
 * list of a reply is left out of it. wire: verifone §token, verified.
 */
const inBoth = [
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP',
  'BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR',
  'FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY',
  'KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MUR MVR',
  'MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF',
  'SAR SBD SCR SDG SEK SGD SHP SLL SOS SRD SSP SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH',
  'UGX USD USN UYI UYU UZS VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XTS',
  'XXX YER ZAR ZMW',
]
  .join(' ')
  .split(' ')

const onlyRead = 'BTC BYR LTL LVL MRO STD USS VEF ZMK'.split(' ')
const onlyWritten = 'BYN MRU STN UYW VES XSU XUA ZWL'.split(' ')

/** Of the reply to GET. */
export const currenciesRead: readonly string[] = [...inBoth, ...onlyRead]

/** Of the replies to PUT and PATCH. */
export const currenciesWritten: readonly string[] = [...inBoth, ...onlyWritten]
