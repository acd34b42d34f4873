/** Text as UTF-8 bytes (RFC 3629), and back. A mini-program has no TextEncoder or TextDecoder; these give the same. */

const REPLACEMENT = 0xfffd;

/** @param {string} text @returns {Uint8Array} half a surrogate pair becomes U+FFFD */
export function utf8(text) {
  const bytes = [];
  for (const character of text) {
    const given = character.codePointAt(0);
    const point = given >= 0xd800 && given <= 0xdfff ? REPLACEMENT : given;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), tail(point));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), tail(point >> 6), tail(point));
    else bytes.push(0xf0 | (point >> 18), tail(point >> 12), tail(point >> 6), tail(point));
  }
  return Uint8Array.from(bytes);
}

/** @param {Uint8Array} bytes @returns {string} @throws {RangeError} on anything but UTF-8 */
export function fromUtf8(bytes) {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
  } catch (error) {
    throw new RangeError("not UTF-8", { cause: error });
  }
}

function tail(bits) {
  return 0x80 | (bits & 0x3f);
}
