/** Time-based one-time passwords (RFC 6238) with HMAC-SHA-256. Reads no clock itself. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32 = /^[A-Z2-7]*$/;
const BITS = 5;
/** Seconds of one password. */
export const STEP = 30;

/**
 * @param {Uint8Array} seed
 * @param {number} now epoch seconds
 * @param {{digits: number, hmac: (key: Uint8Array, message: Uint8Array) => Promise<Uint8Array>}} form HMAC-SHA-256 of the platform
 * @returns {Promise<string>}
 */
export async function totp(seed, now, { digits, hmac }) {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(now / STEP)));
  const { buffer, byteOffset, byteLength } = await hmac(seed, new Uint8Array(counter.buffer));
  const mac = new DataView(buffer, byteOffset, byteLength);
  // Dynamic truncation, RFC 4226 section 5.3: the last four bits say where to read 31 bits.
  const at = mac.getUint8(mac.byteLength - 1) & 0x0f;
  return String((mac.getUint32(at) & 0x7fffffff) % 10 ** digits).padStart(digits, "0");
}

/**
 * @param {string} text base32 (RFC 4648 section 6), in capitals, without padding
 * @returns {Uint8Array}
 * @throws {RangeError} on another alphabet, an impossible length, or bits left over
 */
export function fromBase32(text) {
  if (!BASE32.test(text) || [1, 3, 6].includes(text.length % 8)) throw new RangeError("not base32");
  const bytes = new Uint8Array(Math.floor((text.length * BITS) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    held = ((held << BITS) | ALPHABET.indexOf(character)) & 0xfff;
    bits += BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw new RangeError("not canonical base32");
  return bytes;
}
