/** A document that the service signs with a status key: COSE_Sign1 with a purpose of its own, checked before it is read. */

import { ALGORITHMS } from "./algorithms.js";
import { decodeCbor } from "./cbor.js";
import { readSign1, sigStructure } from "./cose.js";
import { hex } from "./hex.js";
import { Rejected } from "./reasons.js";

const PURPOSE = "status";
const COSE_SIGN1 = 0x84;
const EMPTY_MAP = 0xa0;
const BYTE_STRING = 0x40;
/** Bytes of the length behind the head of a longer byte string (RFC 8949 section 3). */
const WIDTHS = new Map([[0x58, 1], [0x59, 2], [0x5a, 4]]);
const MAX_HEADER = 64;

/** A document is refused; what is in force stays as it is. */
export class DocumentError extends Error {}

/**
 * @param {Uint8Array} bytes
 * @param {object} circumstances
 * @param {string[]} circumstances.purposes external_aad of the documents that may stand here
 * @param {import("./trust_list.js").TrustList} circumstances.trustList
 * @param {number} circumstances.now epoch seconds
 * @param {number} circumstances.longest bytes of the largest document
 * @returns {Promise<{body: any, purpose: string, kid: string}>} the payload out of its CBOR; kid in hexadecimal
 * @throws {DocumentError}
 */
export async function openSigned(bytes, { purposes, trustList, now, longest }) {
  if (bytes.length > longest) throw new DocumentError("too large");
  requireFlat(bytes);
  return refusing(async () => {
    const signed = readSign1(bytes);
    if (signed.kid === null) throw new DocumentError("it names no key");
    const key = trustList.find(signed.kid, PURPOSE, now);
    if (signed.alg !== ALGORITHMS.get(key.algorithm).cose) throw new DocumentError("another algorithm than the key's");
    for (const purpose of purposes) {
      if (await key.verify(signed.signature, sigStructure(signed.protectedHeader, purpose, signed.payload))) {
        return { body: decodeCbor(signed.payload), purpose, kid: hex(signed.kid) };
      }
    }
    throw new DocumentError("not signed by this key");
  });
}

/**
 * What cannot be read is refused like what is not signed.
 *
 * @template T @param {() => Promise<T>} read @returns {Promise<T>}
 */
export async function refusing(read) {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RangeError || error instanceof Rejected) throw new DocumentError(error.message, { cause: error });
    throw error;
  }
}

/** What nobody signed may not cost much: megabytes of empty arrays would be read as a gigabyte of lists. */
function requireFlat(bytes) {
  const header = endOfBytes(bytes, 1);
  const payload = endOfBytes(bytes, header + 1);
  if (header > MAX_HEADER || bytes[0] !== COSE_SIGN1 || bytes[header] !== EMPTY_MAP || endOfBytes(bytes, payload) !== bytes.length) {
    throw new DocumentError("not a signed document");
  }
}

function endOfBytes(bytes, at) {
  const head = bytes[at] ?? 0;
  const width = WIDTHS.get(head) ?? 0;
  if (head < BYTE_STRING || head > 0x5a || (head > 0x57 && width === 0)) throw new DocumentError("not a signed document");
  if (width === 0) return at + 1 + head - BYTE_STRING;
  const begin = at + 1 + width;
  return begin + bytes.subarray(at + 1, begin).reduce((length, byte) => length * 256 + byte, 0);
}
