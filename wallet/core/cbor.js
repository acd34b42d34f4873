/**
 * Deterministic CBOR (RFC 8949 section 4.2) of the few types the city code uses.
 *
 * Integers of at most 64 bits, byte strings, text, arrays, maps and the two booleans; no tags, floats, null or
 * indefinite lengths. A map is a `Map`, so that integer keys stay integers; an integer past 2^53 is a BigInt.
 */

import { fromUtf8, utf8 } from "./utf8.js";

/** Deepest nesting of arrays and maps that is read; the format itself needs four. */
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
    const encoded = utf8(value);
    return join([head(TEXT, encoded.length), encoded]);
  }
  if (Array.isArray(value)) return join([head(ARRAY, value.length), ...value.map(encodeCbor)]);
  if (value instanceof Map) return encodeMap(value);
  throw new TypeError("no CBOR for this type");
}

/**
 * @param {Uint8Array} bytes
 * @returns {number|bigint|boolean|string|Uint8Array|Array|Map}
 * @throws {RangeError} on anything but one item in deterministic encoding that fills the bytes
 */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(MAX_DEPTH);
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
    const first = this.take(1)[0];
    const major = first >> 5;
    const argument = this.argument(first & 31, major);
    if (major === UNSIGNED) return argument;
    // -1 - n of the largest safe n is the least safe integer; larger n are BigInt already.
    if (major === NEGATIVE) return typeof argument === "bigint" ? -1n - argument : exact(-1 - argument);
    if (major === BYTES) return this.take(argument).slice();
    if (major === TEXT) return fromUtf8(this.take(argument));
    if (major === SIMPLE && (argument === TRUE || argument === FALSE)) return argument === TRUE;
    if (major !== ARRAY && major !== MAP) throw new RangeError("type not allowed");
    if (depth === 0) throw new RangeError("nested too deep");
    return major === ARRAY ? this.array(argument, depth - 1) : this.map(argument, depth - 1);
  }

  argument(short, major) {
    if (short < 24) return short;
    if (short > 27 || major === SIMPLE) throw new RangeError("indefinite length, float or reserved");
    const width = 2 ** (short - 24);
    // Eight bytes pass 2^53, so they are added up exactly.
    const value = this.take(width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const least = width === 1 ? 24n : 1n << BigInt(4 * width);
    if (value < least) throw new RangeError("not the shortest form");
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  take(length) {
    if (length > this.bytes.length - this.at) throw new RangeError("cut short");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  array(length, depth) {
    const items = [];
    for (let count = 0; count < length; count += 1) items.push(this.value(depth));
    return items;
  }

  map(length, depth) {
    const map = new Map();
    let previous = null;
    for (let count = 0; count < length; count += 1) {
      const start = this.at;
      const key = this.value(depth);
      if (typeof key !== "number" && typeof key !== "bigint" && typeof key !== "string") {
        throw new RangeError("a key is neither an integer nor text");
      }
      const raw = this.bytes.subarray(start, this.at);
      // Strictly rising keys rule out both disorder and duplicates.
      if (previous !== null && compareBytes(previous, raw) >= 0) throw new RangeError("keys out of order");
      previous = raw;
      map.set(key, this.value(depth));
    }
    return map;
  }
}

function exact(value) {
  return Number.isSafeInteger(value) ? value : BigInt(value);
}
