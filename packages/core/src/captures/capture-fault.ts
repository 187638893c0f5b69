/** What may be wrong with a card that a client encrypted. Each dialect has words of its own for it. */
export type CaptureFault =
  /** longer than any card makes it */
  | 'too large'
  /** neither an armored OpenPGP message nor the base64 of one */
  | 'not a message'
  | 'damaged'
  /** a signed or a plain message: whoever made it encrypted nothing */
  | 'not encrypted'
  /** a message that a password opens */
  | 'password only'
  | 'for another key'
  /** such as IDEA, which older clients use */
  | 'cipher not supported'
  /** its integrity does not hold, or it has none to check */
  | 'altered'
  /** compressed more than any text is, or a text longer than any card */
  | 'expands too far'
  /** messages within messages */
  | 'nested too deep'
  | 'took too long'
  /** what was encrypted is no JSON object */
  | 'not an object'
  | 'no capture time'
  | 'capture time not readable'
  | 'too old'
  | 'ahead of time'
