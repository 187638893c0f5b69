const zero = 48

/** Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B). `digits` holds digits only. */
export const passesLuhn = (digits: string): boolean => {
  let sum = 0
  let doubled = false
  for (let at = digits.length - 1; at >= 0; at--) {
    const digit = digits.charCodeAt(at) - zero
    const added = doubled ? digit * 2 : digit
    sum += added > 9 ? added - 9 : added
    doubled = !doubled
  }
  return sum % 10 === 0
}
