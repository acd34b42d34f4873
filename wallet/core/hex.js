/** Bytes as hexadecimal text, and back. */

const HEX = /^(?:[0-9a-f]{2})*$/;

/** @param {Uint8Array} bytes @returns {string} */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text @returns {Uint8Array} @throws {RangeError} on anything but pairs of small hexadecimal digits */
export function fromHex(text) {
  if (!HEX.test(text)) throw new RangeError("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
