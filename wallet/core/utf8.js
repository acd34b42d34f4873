/** Text as UTF-8 bytes (RFC 3629). A mini-program has no TextEncoder; the bytes are those that it would give. */

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

function tail(bits) {
  return 0x80 | (bits & 0x3f);
}
