/**
 * Deterministic CBOR (RFC 8949 section 4.2) of the few types the city code uses.
 *
 * Integers, byte strings, text, arrays, maps and the two booleans; no tags, floats, null or indefinite lengths.
 * A map is a `Map`, so that integer keys stay integers.
 */

const MAX_DEPTH = 5;
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const SIMPLE = 7;
const FALSE = 20;
const TRUE = 21;

/**
 * @param {number|boolean|string|Uint8Array|Array|Map} value
 * @returns {Uint8Array}
 * @throws {TypeError} on a type outside the list above
 */
export function encodeCbor(value) {
  if (Number.isSafeInteger(value)) return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value);
  if (typeof value === "boolean") return head(SIMPLE, value ? TRUE : FALSE);
  if (value instanceof Uint8Array) return join([head(BYTES, value.length), value]);
  if (typeof value === "string") {
    const utf8 = new TextEncoder().encode(value);
    return join([head(TEXT, utf8.length), utf8]);
  }
  if (Array.isArray(value)) return join([head(ARRAY, value.length), ...value.map(encodeCbor)]);
  if (value instanceof Map) return encodeMap(value);
  throw new TypeError("no CBOR for this type");
}

/**
 * @param {Uint8Array} bytes
 * @returns {number|boolean|string|Uint8Array|Array|Map}
 * @throws {RangeError} on anything that `encodeCbor` would not have written
 */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(1);
  if (reader.at !== bytes.length) throw new RangeError("trailing bytes");
  return value;
}

/**
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 * @returns {number} below, above or equal to zero: the order of RFC 8949 section 4.2.1
 */
export function compareBytes(left, right) {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) if (left[at] !== right[at]) return left[at] - right[at];
  return left.length - right.length;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array}
 */
export function join(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function encodeMap(map) {
  const entries = [...map].map(([key, value]) => [encodeCbor(key), encodeCbor(value)]);
  entries.sort(([left], [right]) => compareBytes(left, right));
  return join([head(MAP, entries.length), ...entries.flat()]);
}

function head(major, argument) {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const bytes = argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const written = new Uint8Array(1 + bytes);
  written[0] = first | (24 + Math.log2(bytes));
  // Division, not shifts: JavaScript shifts stop at 32 bits.
  for (let place = bytes, rest = argument; place > 0; place -= 1, rest = Math.floor(rest / 256)) {
    written[place] = rest % 256;
  }
  return written;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  value(depth) {
    if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
    const first = this.take(1)[0];
    const major = first >> 5;
    const argument = this.argument(first & 31, major);
    if (major === UNSIGNED) return argument;
    if (major === NEGATIVE) return safe(-1 - argument);
    if (major === BYTES) return this.take(argument).slice();
    if (major === TEXT) return this.text(argument);
    if (major === ARRAY) return this.array(argument, depth);
    if (major === MAP) return this.map(argument, depth);
    if (major === SIMPLE && (argument === TRUE || argument === FALSE)) return argument === TRUE;
    throw new RangeError("type not allowed");
  }

  argument(short, major) {
    if (short < 24) return short;
    if (short > 27 || major === SIMPLE) throw new RangeError("indefinite length, float or reserved");
    const width = 2 ** (short - 24);
    const value = this.take(width).reduce((sum, byte) => sum * 256 + byte, 0);
    const least = width === 1 ? 24 : 2 ** (4 * width);
    if (value < least) throw new RangeError("not the shortest form");
    return safe(value);
  }

  take(length) {
    if (length > this.bytes.length - this.at) throw new RangeError("cut short");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(length) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (error) {
      throw new RangeError("not UTF-8", { cause: error });
    }
  }

  array(length, depth) {
    const items = [];
    for (let count = 0; count < length; count += 1) items.push(this.value(depth + 1));
    return items;
  }

  map(length, depth) {
    const map = new Map();
    let previous = null;
    for (let count = 0; count < length; count += 1) {
      const start = this.at;
      const key = this.value(depth + 1);
      const raw = this.bytes.subarray(start, this.at);
      // Strictly rising keys rule out both disorder and duplicates.
      if (previous !== null && compareBytes(previous, raw) >= 0) throw new RangeError("keys out of order");
      previous = raw;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }
}

function safe(value) {
  if (!Number.isSafeInteger(value)) throw new RangeError("integer too large");
  return value;
}
