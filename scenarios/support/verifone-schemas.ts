import { closed, judgeBy, type Properties, type PublishedAnswers } from './published-answers.ts'

/*
 * What the Verifone API says of its answers, as its published description reads and without a look at how the vault
 * encodes them. Nothing may be sent that is not listed here. Where the description contradicts itself the choice is
 * ours: the two `minimum` of a network token's expiry read as the maximum that they name elsewhere, and its status is
 * VALID in the answers of PUT and GET and ACTIVE in that of PATCH.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const countries = words(`
  ZZZ ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR
  BHS BIH BLM BLR BLZ BMU BOL BRA BRB BSB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL
  COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA
  FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN
  IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY
  LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR
  MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL
  PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGC SGP SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD
  STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR
  UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
`)

/** Of the answers of PUT and PATCH. */
const currencies = words(`
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
  CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
  GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
  KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
  NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLL
  SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VES VND
  VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWL
`)

/** Of the answer of GET, which lists what others have dropped and misses what they have. */
const olderCurrencies = words(`
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYR BZD
  CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
  GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
  KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK MXN MXV MYR
  MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
  SHP SLL SOS SRD SSP STD SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN USS UYI UYU UZS
  VEF VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XTS XXX YER ZAR ZMK ZMW BTC
`)

const text = { type: 'string', minLength: 1 }
const date = { type: 'string', format: 'date' }
const uuid = { type: 'string', format: 'uuid' }
const reuseToken = { type: 'string', pattern: '^[a-z2-7]{26}$' }
const bin = { type: 'string', pattern: '^[0-9]{4,11}$' }
const lastFour = { type: 'string', pattern: '^[0-9]{4}$' }
const month = { type: 'integer', minimum: 1, maximum: 12 }
const year = { type: 'integer', minimum: 1000, maximum: 9999 }
const holder = { type: 'string', minLength: 1, maxLength: 30 }
const kind = { enum: ['DEBIT', 'CREDIT'] }
const country = { enum: countries }
const tokenStatus = { enum: ['DELETED', 'ACTIVE', 'SUSPENDED'] }
const tokenTypes = { enum: ['CHASE', 'INTERNAL', 'TAVE'] }

const binDetails = closed(
  {
    bin,
    brand: text,
    issuer_country: country,
    issuer_name: text,
    last_four: lastFour,
    type: kind,
    variant: text,
  },
  [],
)

const schemeToken = (active: 'VALID' | 'ACTIVE', longestReference: number) =>
  closed(
    {
      network_token: { type: 'string', pattern: '^[0-9]{12,16}$' },
      status: { enum: [active, 'SUSPENDED', 'DELETED'] },
      expiry_month: month,
      expiry_year: year,
      payment_account_reference: { type: 'string', minLength: 1, maxLength: longestReference },
    },
    ['status'],
  )

/** What tells of a card, and is not told of one whose token is deleted. */
const ofCard: Properties = { expiry_month: month, expiry_year: year, card_holder_name: holder }

const shared: Properties = {
  ...ofCard,
  bin,
  last_four: lastFour,
  bin_details: binDetails,
  updated_at: date,
  created_at: date,
  token_expiry_date: date,
  issuer_country: country,
}

const named: Properties = {
  reuse_token: reuseToken,
  analytics_token: text,
  reuse_token_type: tokenTypes,
  token_scope: uuid,
}

/** Published clients read these of every answer that names a token. */
const always = ['bin', 'last_four', 'created_at', 'updated_at', 'token_expiry_date', 'token_status']
const alwaysNamed = [...always, 'reuse_token', 'token_scope']

/** None of them may be there. */
const none = (properties: Properties): Readonly<Record<string, false>> =>
  Object.fromEntries(Object.keys(properties).map((name) => [name, false]))

const cardProperties: Properties = {
  ...named,
  ...shared,
  token_status: tokenStatus,
  currency: { enum: currencies },
  scheme_token: schemeToken('VALID', 50),
}

/** Of PUT: a token, or nothing but an id of the number. */
const cardResponse = {
  anyOf: [
    closed(cardProperties, [...alwaysNamed, 'expiry_month', 'expiry_year']),
    closed(without(cardProperties, ['reuse_token', 'token_status', 'scheme_token']), ['analytics_token']),
  ],
}

const tokenResponse = {
  ...closed(
    {
      ...named,
      ...shared,
      brand: text,
      issuer_name: text,
      type: kind,
      variant: text,
      token_status: tokenStatus,
      currency: { enum: olderCurrencies },
      scheme_token: schemeToken('VALID', 50),
    },
    alwaysNamed,
  ),
  anyOf: [
    { properties: { token_status: { const: 'DELETED' }, ...none(ofCard) } },
    {
      properties: { token_status: { enum: ['ACTIVE', 'SUSPENDED'] } },
      required: ['expiry_month', 'expiry_year'],
    },
  ],
}

const patchTokenResponse = closed(
  {
    ...shared,
    card_holder_email: { type: 'string', minLength: 3, maxLength: 254, pattern: '@' },
    token_status: tokenStatus,
    currency: { enum: currencies },
    scheme_token: schemeToken('ACTIVE', 29),
  },
  [...always, 'expiry_month', 'expiry_year'],
)

const captureKey = closed({
  public_key: { type: 'string', pattern: '^[A-Za-z0-9+/]+={0,2}$' },
  public_key_alias: { type: 'string', pattern: '^[a-z2-7]{26}$' },
  created_at: { type: 'string', format: 'date-time' },
})

const captureKeys = closed({ public_keys: { type: 'array', items: captureKey } })

/** What each status says, to the letter; others have no text of their own in the description. */
export const messages: Readonly<Record<number, string>> = {
  400: 'At least one parameter is invalid. Examine the details property for more information. Invalid parameters are listed and prefixed accordingly: body for parameters submitted in the requests body, query for parameters appended to the requests URL, and params for templated parameters of the requests URL.',
  401: "Access is restricted to authenticated users only. The query can't be made without a valid JWT token (check the Authorization header of your request).",
  403: "Insufficient permissions. Your current user roles don't allow you to perform this query. Should you believe this error to be incorrect, please contact an administrator.",
  404: "The requested resource, or one of its sub-resources, can't be found. If the submitted query is valid, this error is likely to be caused by a problem with a nested resource that has been deleted or modified. Check the details property for additional insights.",
  500: 'Unexpected error: if the error persists, please contact an administrator, quoting the code and timestamp of this error',
}

const describeError = (status: number): object =>
  closed({
    message: messages[status] === undefined ? text : { const: messages[status] },
    code: { const: status },
    timestamp: { type: 'integer', minimum: Date.UTC(2020, 0), maximum: Date.UTC(2200, 0) },
    reversal_status: { const: 'NONE' },
    details: {
      type: 'object',
      propertyNames: { pattern: '^(body|query|params|headers)(\\..+)?$' },
      additionalProperties: closed({ message: text }),
      // What is invalid is named.
      ...(status === 400 && { minProperties: 1 }),
    },
  })

function without(properties: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))
}

/** By method and path; `none` for an answer without a body. */
const goodAnswers: PublishedAnswers['good'] = [
  ['PUT', /^\/card$/, 200, cardResponse],
  ['GET', /^\/card\/[^/]+$/, 200, tokenResponse],
  ['PATCH', /^\/card\/[^/]+$/, 200, patchTokenResponse],
  ['DELETE', /^\/card\/[^/]+$/, 204, 'none'],
  ['PATCH', /^\/card\/[^/]+\/suspend$/, 204, 'none'],
  ['PATCH', /^\/card\/[^/]+\/activate$/, 204, 'none'],
  ['POST', /^\/capture-keys$/, 200, captureKey],
  ['GET', /^\/capture-keys$/, 200, captureKeys],
]

export const faultOf = judgeBy({ good: goodAnswers, describeError, prefix: /^(\/oidc)?\/api\/v2/ })
