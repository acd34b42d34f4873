/** Points of the curves y^2 = x^3 - 3x + b, and numbers of 32 bytes: what P-256 and SM2 have in common. */

const COORDINATE = 32;

/**
 * A curve whose `a` is -3 and whose field's size is 3 modulo 4.
 *
 * @typedef {{field: bigint, b: bigint}} Curve
 */

/**
 * @param {Uint8Array} point compressed, 33 bytes (SEC 1 section 2.3.4)
 * @param {Curve} curve
 * @returns {Uint8Array} uncompressed, 65 bytes
 * @throws {RangeError} when the bytes are no point of the curve
 */
export function decompress(point, { field, b }) {
  if (point.length !== 1 + COORDINATE || (point[0] !== 2 && point[0] !== 3)) throw new RangeError("not a compressed point");
  const x = toInteger(point.subarray(1));
  if (x >= field) throw new RangeError("x past the field");
  const square = remainder(x * x * x - 3n * x + b, field);
  const root = power(square, (field + 1n) / 4n, field);
  // Every number has this power; only a square has it as its root.
  if (remainder(root * root, field) !== square) throw new RangeError("not on the curve");
  const y = Number(root & 1n) === (point[0] & 1) ? root : field - root;
  const whole = new Uint8Array(1 + 2 * COORDINATE);
  whole[0] = 4;
  whole.set(point.subarray(1), 1);
  writeInteger(whole, y);
  return whole;
}

/**
 * @param {Uint8Array} point uncompressed, 65 bytes
 * @returns {Uint8Array} compressed, 33 bytes
 */
export function compress(point) {
  const short = point.slice(0, 1 + COORDINATE);
  short[0] = 2 + (point.at(-1) & 1);
  return short;
}

/** @param {Uint8Array} bytes @returns {bigint} */
export function toInteger(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Writes 32 bytes at the end of an array. @param {Uint8Array} bytes @param {bigint} value */
export function writeInteger(bytes, value) {
  let rest = value;
  for (let place = bytes.length - 1; place >= bytes.length - COORDINATE; place -= 1, rest >>= 8n) {
    bytes[place] = Number(rest & 0xffn);
  }
}

function remainder(value, field) {
  const rest = value % field;
  return rest < 0n ? rest + field : rest;
}

function power(base, exponent, field) {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % field;
    square = (square * square) % field;
  }
  return result;
}
