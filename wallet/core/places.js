/**
 * Sets of places, read as one bit each, the least significant bit first: `[count, k, gaps]` in Golomb-Rice coding,
 * `[bits]` compressed as in a Token Status List, or `[]`. The service has the same in `codeservice/places.py`.
 */

import { join } from "./cbor.js";

/** Places of the largest list. */
export const MAX_SIZE = 2 ** 20;
/** Largest `k` that is read: gaps of sixteen million. */
const MAX_PARAMETER = 24;
const BYTE = 8;

/**
 * @param {unknown} form either form, out of its CBOR
 * @param {number} size places of the list
 * @returns {Promise<Uint8Array>}
 * @throws {RangeError} when it is no set of places of that size
 */
export async function readPlaces(form, size) {
  if (!Array.isArray(form)) throw new RangeError("neither of the two forms");
  if (form.length === 0) return new Uint8Array(bytesOf(size));
  const [first, k, gaps] = form;
  if (form.length === 1 && first instanceof Uint8Array) return whole(await unfold(first, bytesOf(size)), size);
  if (form.length !== 3 || !isCount(first) || first === 0 || !isCount(k) || !(gaps instanceof Uint8Array)) {
    throw new RangeError("neither of the two forms");
  }
  const array = new Uint8Array(bytesOf(size));
  for (const place of decodeGaps(gaps, k, first, size)) array[place >> 3] |= 1 << (place & 7);
  return array;
}

/** @param {Uint8Array} array @param {number} place below the size of the array @returns {boolean} */
export function hasPlace(array, place) {
  return ((array[place >> 3] >> (place & 7)) & 1) === 1;
}

/** @param {Uint8Array} left @param {Uint8Array} right of one size @returns {Uint8Array} */
export function union(left, right) {
  return left.map((byte, at) => byte | right[at]);
}

/** @param {Uint8Array} left @param {Uint8Array} right of one size @returns {Uint8Array} the places of one only */
export function changed(left, right) {
  return left.map((byte, at) => byte ^ right[at]);
}

function bytesOf(size) {
  return Math.ceil(size / BYTE);
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function whole(array, size) {
  const spare = bytesOf(size) * BYTE - size;
  if (array.length !== bytesOf(size) || (spare > 0 && array.at(-1) >> (BYTE - spare))) throw new RangeError("an array of another size");
  return array;
}

/** Places of a Golomb-Rice coding. One set has one coding, and no other is read. */
function decodeGaps(data, k, count, size) {
  const bits = data.length * BYTE;
  if (k > MAX_PARAMETER || count > Math.min(size, bits)) throw new RangeError("parameters out of range");
  if (data.length > bytesOf(size)) throw new RangeError("more bits than places");
  const bit = (at) => {
    if (at >= bits) throw new RangeError("cut short");
    return (data[at >> 3] >> (7 - (at & 7))) & 1;
  };
  const gaps = [];
  const places = [];
  let at = 0;
  let place = -1;
  while (gaps.length < count) {
    let gap = 0;
    while (bit(at) === 1) {
      gap += 1;
      at += 1;
    }
    at += 1;
    for (let low = 0; low < k; low += 1, at += 1) gap = gap * 2 + bit(at);
    place += 1 + gap;
    if (place >= size) throw new RangeError("a place beyond the list");
    gaps.push(gap);
    places.push(place);
  }
  if (bits - at >= BYTE) throw new RangeError("bytes behind the end");
  for (; at < bits; at += 1) if (bit(at)) throw new RangeError("bytes behind the end");
  if (k !== parameterOf(gaps)) throw new RangeError("another k would take fewer bits");
  return places;
}

/** The parameter that gives the fewest bits, the smallest of equals. */
function parameterOf(gaps) {
  let k = 0;
  while (k < MAX_PARAMETER && gaps.reduce((sum, gap) => sum + Math.floor((Math.floor(gap / 2 ** k) + 1) / 2), 0) > gaps.length) k += 1;
  return k;
}

/** Unfolds ZLIB (RFC 1950) to at most `longest` bytes. */
async function unfold(bytes, longest) {
  const parts = [];
  let length = 0;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const reader = stream.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      length += part.value.length;
      if (length > longest) {
        await reader.cancel();
        throw new RangeError("an array of another size");
      }
    }
  } catch (error) {
    // A stream that is no ZLIB, is cut short or goes on behind its end.
    if (error instanceof TypeError || error instanceof RangeError || error.code?.startsWith?.("Z_")) {
      throw new RangeError("not in the ZLIB format", { cause: error });
    }
    throw error;
  }
  return join(parts);
}
