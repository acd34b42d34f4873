/** Base64url without padding (RFC 4648 section 5). Bytes in, text out, and back, strictly. */

import { utf8 } from "./utf8.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));
const BITS = 6;

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64url(bytes) {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= BITS; bits -= BITS) text += ALPHABET[(held >> (bits - BITS)) & 0x3f];
  }
  return bits === 0 ? text : text + ALPHABET[(held << (BITS - bits)) & 0x3f];
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {RangeError} on any other alphabet, on padding, or on bits left over
 */
export function fromBase64url(text) {
  if (typeof text !== "string" || text.length % 4 === 1) throw new RangeError("not base64url");
  const bytes = new Uint8Array(Math.floor((text.length * BITS) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    if (!VALUES.has(character)) throw new RangeError("not base64url");
    held = ((held << BITS) | VALUES.get(character)) & 0xfff;
    bits += BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  // Stray low bits in the last character would make two texts of one value.
  if ((held & ((1 << bits) - 1)) !== 0) throw new RangeError("not canonical base64url");
  return bytes;
}

/**
 * @param {unknown} value anything JSON can carry
 * @returns {string}
 */
export function jsonToBase64url(value) {
  return toBase64url(utf8(JSON.stringify(value)));
}
