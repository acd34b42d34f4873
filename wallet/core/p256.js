/** Arithmetic of P-256 (SEC 2, section 2.4.2) that WebCrypto leaves to its caller: points from 33 bytes, and low s. */

const FIELD = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;
/** The field's size is 3 modulo 4, so this power is a square root where there is one. */
const ROOT_POWER = (FIELD + 1n) / 4n;
const COORDINATE = 32;
export const SIGNATURE_BYTES = 2 * COORDINATE;

/**
 * @param {Uint8Array} point compressed, 33 bytes (SEC 1 section 2.3.4)
 * @returns {Uint8Array} uncompressed, 65 bytes, as WebCrypto imports it
 * @throws {RangeError} when the bytes are no point of the curve
 */
export function decompress(point) {
  if (point.length !== 1 + COORDINATE || (point[0] !== 2 && point[0] !== 3)) throw new RangeError("not a compressed point");
  const x = toInteger(point.subarray(1));
  if (x >= FIELD) throw new RangeError("x past the field");
  const square = remainder(x * x * x - 3n * x + B);
  const root = power(square, ROOT_POWER);
  // Every number has a power; only a square has this one as its root.
  if (remainder(root * root) !== square) throw new RangeError("not on the curve");
  const y = Number(root & 1n) === (point[0] & 1) ? root : FIELD - root;
  const whole = new Uint8Array(1 + 2 * COORDINATE);
  whole[0] = 4;
  whole.set(point.subarray(1), 1);
  writeInteger(whole, y);
  return whole;
}

/**
 * Whether r and s are in their range and s is in the lower half. ECDSA also accepts (r, n - s): one message would
 * have two valid codes.
 *
 * @param {Uint8Array} signature
 * @returns {boolean}
 */
export function isLowS(signature) {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const r = toInteger(signature.subarray(0, COORDINATE));
  const s = toInteger(signature.subarray(COORDINATE));
  return r > 0n && r < ORDER && s > 0n && s <= HALF_ORDER;
}

/**
 * The one of the two valid forms (r, s) and (r, n - s) that verifiers accept. WebCrypto gives either.
 *
 * @param {Uint8Array} signature r and s, 32 bytes each
 * @returns {Uint8Array}
 */
export function lowS(signature) {
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError("not an ES256 signature");
  const s = toInteger(signature.subarray(COORDINATE));
  if (s <= HALF_ORDER) return signature;
  const normal = signature.slice();
  writeInteger(normal, ORDER - s);
  return normal;
}

function toInteger(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Writes 32 bytes at the end of an array. */
function writeInteger(bytes, value) {
  let rest = value;
  for (let place = bytes.length - 1; place >= bytes.length - COORDINATE; place -= 1, rest >>= 8n) {
    bytes[place] = Number(rest & 0xffn);
  }
}

function remainder(value) {
  const rest = value % FIELD;
  return rest < 0n ? rest + FIELD : rest;
}

function power(base, exponent) {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD;
    square = (square * square) % FIELD;
  }
  return result;
}
