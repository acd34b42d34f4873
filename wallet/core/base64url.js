/** Base64url without padding (RFC 4648 section 5). Bytes in, text out, and back, strictly. */

const ALPHABET = /^[A-Za-z0-9_-]*$/;

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {RangeError} on any other alphabet, on padding, or on bits left over
 */
export function fromBase64url(text) {
  if (typeof text !== "string" || !ALPHABET.test(text) || text.length % 4 === 1) {
    throw new RangeError("not base64url");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // atob ignores stray low bits in the last character; two texts for one value are refused.
  if (toBase64url(bytes) !== text) throw new RangeError("not canonical base64url");
  return bytes;
}

/**
 * @param {unknown} value anything JSON can carry
 * @returns {string}
 */
export function jsonToBase64url(value) {
  return toBase64url(new TextEncoder().encode(JSON.stringify(value)));
}
