/** The check digit of Luhn (ISO/IEC 7812-1 annex B): finds every wrong digit and nearly every swap of neighbours. */

/**
 * @param {string} digits
 * @returns {string} the digit to stand after them
 */
export function luhnDigit(digits) {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const weighed = place % 2 === 0 ? 2 * digit : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return String((10 - (sum % 10)) % 10);
}
