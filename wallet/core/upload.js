/**
 * What a terminal sends of its scans: numbered without a gap, each in bytes of its own, signed together by its key. The
 * service has the same in `codeservice/upload.py`. Never the code itself, and nobody's name.
 */

import { encodeCbor } from "./cbor.js";
import { ALG, KID, sigStructure, writeSign1 } from "./cose.js";
import { utf8 } from "./utf8.js";

/** Scans and bytes of one upload. */
export const MAX_SCANS = 250;
export const MAX_UPLOAD = 60_000;
/** Bytes of the name of a stream: one run of numbers, as long as a terminal keeps its store. */
export const STREAM_BYTES = 8;
const PURPOSE = "CC1 upload";
/** COSE number of ES256 (RFC 9053 section 2.1). */
const ES256 = -7;
const [TERMINAL, STREAM, LAST, ITEMS] = [1, 2, 3, 4];
const [ACT, AT, DEVICE_AT, OUTCOME, REASON, KIND, USE, EFFECT, SNAPSHOT, ONLINE, POLICY, ASKED] = Array.from({ length: 12 }, (_, at) => at + 1);
const NON_ASCII = /[\u007f-\uffff]/g;

/**
 * One scan as it was decided. Times are epoch seconds; `use` is [list, idx, iat] and `kind` the first two digits of
 * the code, where it was proved. `online` says that the service answered this scan itself, under the same act.
 *
 * @typedef {{act: string, at: number, deviceAt: number, outcome: "accepted"|"refused"|"undetermined", reason?: string|null,
 *   kind?: string|null, use?: number[]|null, effect?: object, snapshot?: number, online?: boolean, policy?: string|null,
 *   asked?: object}} UploadedScan
 */

/** @param {UploadedScan} scan @returns {Uint8Array} in its one form */
export function writeItem({ act, at, deviceAt, outcome, reason = null, kind = null, use = null, effect = {}, snapshot = 0,
  online = false, policy = null, asked = {} }) {
  const body = new Map([[ACT, act], [AT, at], [DEVICE_AT, deviceAt], [OUTCOME, outcome], [SNAPSHOT, snapshot], [ONLINE, online]]);
  if (reason !== null) body.set(REASON, reason);
  if (kind !== null) body.set(KIND, kind);
  if (use !== null) body.set(USE, use);
  if (policy !== null) body.set(POLICY, policy);
  if (Object.keys(asked).length > 0) body.set(ASKED, json(asked));
  if (Object.keys(effect).length > 0) body.set(EFFECT, json(effect));
  return encodeCbor(body);
}

/**
 * @param {{terminal: string, stream: Uint8Array, last: number, items: [number, Uint8Array][]}} upload `last` is the
 *   highest number that was given, `items` ascend
 * @param {{kid: Uint8Array, sign: (bytes: Uint8Array) => Promise<Uint8Array>}} key ES256: r and s, s in the lower half
 * @returns {Promise<Uint8Array>}
 */
export async function writeUpload({ terminal, stream, last, items }, { kid, sign }) {
  const payload = encodeCbor(new Map([[TERMINAL, terminal], [STREAM, stream], [LAST, last], [ITEMS, items]]));
  const protectedHeader = encodeCbor(new Map([[ALG, ES256], [KID, kid]]));
  return writeSign1(protectedHeader, payload, await sign(sigStructure(protectedHeader, PURPOSE, payload)));
}

/** JSON in one form: names in order, no spaces, ASCII. */
function json(value) {
  const ordered = JSON.stringify(value, (_, entry) => (isPlain(entry) ? Object.fromEntries(Object.entries(entry).sort(byName)) : entry));
  return utf8(ordered.replace(NON_ASCII, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`));
}

function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function byName([left], [right]) {
  return left < right ? -1 : 1;
}
