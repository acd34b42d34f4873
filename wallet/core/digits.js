/**
 * Bytes as decimal text: seven bytes to seventeen digits, big-endian, zero padded.
 *
 * Digits go through every keyboard-wedge scanner and fill a numeric QR code; see the format document.
 */

const GROUP_BYTES = 7;
const GROUP_DIGITS = 17;
/** Digits for a tail of 0..6 bytes. */
const TAIL_DIGITS = [0, 3, 5, 8, 10, 13, 15];
const ASCII_DIGITS = /^[0-9]*$/;

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function bytesToDigits(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += GROUP_BYTES) {
    const group = bytes.subarray(start, start + GROUP_BYTES);
    const width = group.length === GROUP_BYTES ? GROUP_DIGITS : TAIL_DIGITS[group.length];
    // Seven bytes pass 2^53, so the group is a BigInt.
    let value = 0n;
    for (const byte of group) value = (value << 8n) | BigInt(byte);
    text += value.toString().padStart(width, "0");
  }
  return text;
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {RangeError} on another character, an impossible length or a group past its limit
 */
export function digitsToBytes(text) {
  if (!ASCII_DIGITS.test(text)) throw new RangeError("not decimal digits");
  const tailBytes = TAIL_DIGITS.indexOf(text.length % GROUP_DIGITS);
  if (tailBytes < 0) throw new RangeError("no such number of digits");
  const groups = Math.floor(text.length / GROUP_DIGITS);
  const bytes = new Uint8Array(groups * GROUP_BYTES + tailBytes);
  for (let group = 0; group * GROUP_DIGITS < text.length; group += 1) {
    const width = group < groups ? GROUP_BYTES : tailBytes;
    const digits = text.slice(group * GROUP_DIGITS, (group + 1) * GROUP_DIGITS);
    let value = BigInt(digits);
    for (let place = width - 1; place >= 0; place -= 1) {
      bytes[group * GROUP_BYTES + place] = Number(value & 0xffn);
      value >>= 8n;
    }
    if (value !== 0n) throw new RangeError("group past its limit");
  }
  return bytes;
}
