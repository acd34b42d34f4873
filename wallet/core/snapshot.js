/**
 * What a verifier without a network goes by: every revoked and suspended place at one moment, and what changed since.
 * Rules only; the service has the same in the same order (`codeservice/snapshot.py`).
 *
 * A delta continues exactly one state: it names its version and the digest of its lists. What was revoked once stays
 * revoked as long as its list lives, whatever a later document leaves out. The version is a moment, and never goes back.
 */

import { changed, hasPlace, MAX_SIZE, readPlaces, union } from "./places.js";
import { DocumentError, openSigned, refusing } from "./signed.js";
import { hex } from "./hex.js";

const SNAPSHOT_PURPOSE = "CC1 snapshot";
const DELTA_PURPOSE = "CC1 delta";
/** Bytes of the largest document that is read. */
export const MAX_DOCUMENT = 2 ** 24;
const MAX_LISTS = 4096;
/** Places of all lists of one state: a document of a few kilobytes could name lists of a gigabyte. */
const MAX_PLACES = 2 ** 28;
/** Seconds from the moment of a document to its end: after that a verifier cannot tell. */
const MAX_LIFETIME = 24 * 3600;
/** Seconds that a document may be ahead of the verifier's clock. */
export const SKEW = 30;
const MAX_TIME = 2 ** 33;
const MAX_LIST = 2 ** 16;
const DIGEST_BYTES = 16;
const LIST_HEAD_BYTES = 6;
const [VERSION, EXPIRES, LISTS, BASE, DIGEST, RETIRED] = [1, 2, 3, 4, 5, 6];

/** A delta continues another state: fetch the whole snapshot. */
export class BaseError extends DocumentError {}

/** The document is older than the state in force. */
export class OlderError extends DocumentError {}

/**
 * The status of every living grant at `version`. Survives structured cloning, so that a browser can keep it.
 *
 * @typedef {{size: number, revoked: Uint8Array, suspended: Uint8Array}} Marks
 * @typedef {{version: number, expires: number, lists: Map<number, Marks>, digest: Uint8Array}} Snapshot
 */

/**
 * @param {Snapshot|null} current
 * @param {Uint8Array} bytes a snapshot or a delta
 * @param {{trustList: import("./trust_list.js").TrustList, now: number}} circumstances
 * @returns {Promise<{state: Snapshot, kid: string}>} `current` itself when it has that version already
 * @throws {DocumentError} BaseError and OlderError say what to do
 */
export async function accept(current, bytes, { trustList, now }) {
  // A delta's purpose first: there are many more of them.
  const { body, purpose, kid } = await openSigned(bytes, { purposes: [DELTA_PURPOSE, SNAPSHOT_PURPOSE], trustList, now, longest: MAX_DOCUMENT });
  return refusing(async () => {
    const isDelta = purpose === DELTA_PURPOSE;
    const { version, expires, lists } = readBody(body, isDelta, now);
    if (version === current?.version) return { state: current, kid };
    if (current !== null && version < current.version) throw new OlderError("older than the state in force");
    const after = isDelta ? await readDelta(requireBase(current, body), lists, body) : await readSnapshot(current, lists);
    return { state: { version, expires, lists: after, digest: await digestOf(after) }, kid };
  });
}

/**
 * @param {Snapshot} snapshot
 * @param {number} list
 * @param {number} idx
 * @returns {"valid"|"revoked"|"suspended"|null} null for a list that is newer than this snapshot, or retired
 */
export function statusOf(snapshot, list, idx) {
  const marks = snapshot.lists.get(list);
  if (marks === undefined) return null;
  // Nobody was ever given a place beyond the list.
  if (!(idx >= 0 && idx < marks.size) || hasPlace(marks.revoked, idx)) return "revoked";
  return hasPlace(marks.suspended, idx) ? "suspended" : "valid";
}

function readBody(body, isDelta, now) {
  if (!(body instanceof Map) || body.size !== (isDelta ? RETIRED : LISTS)) throw new DocumentError("not a document of this format");
  const [version, expires, lists] = [VERSION, EXPIRES, LISTS].map((key) => body.get(key));
  if (!isBelow(version, MAX_TIME) || !isBelow(expires, MAX_TIME) || !Array.isArray(lists)) {
    throw new DocumentError("not a document of this format");
  }
  if (expires <= version || expires > version + MAX_LIFETIME) throw new DocumentError("it lives longer than a document may");
  if (version > now + SKEW) throw new DocumentError("made in the future; look at the clock");
  return { version, expires, lists };
}

function requireBase(current, body) {
  const digest = body.get(DIGEST);
  if (current === null || body.get(BASE) !== current.version || !(digest instanceof Uint8Array) || hex(digest) !== hex(current.digest)) {
    throw new BaseError("it continues another state; fetch the snapshot");
  }
  return current;
}

async function readSnapshot(current, entries) {
  const after = await gather(entries, readWhole, new Map());
  for (const [id, marks] of after) {
    const before = current?.lists.get(id);
    if (before === undefined) continue;
    // Nor may what was revoked come back in a list that only looks like another.
    if (before.size !== marks.size) throw new DocumentError("a list never changes its size");
    after.set(id, { ...marks, revoked: union(before.revoked, marks.revoked) });
  }
  return after;
}

async function readDelta(current, entries, body) {
  const retired = body.get(RETIRED);
  if (!Array.isArray(retired) || !retired.every((id) => isBelow(id, MAX_LIST))) throw new DocumentError("not a delta of this format");
  requireAscending(retired);
  const gone = new Set(retired);
  const kept = new Map([...current.lists].filter(([id]) => !gone.has(id)));
  const after = await gather(entries, (entry) => readChange(entry, current.lists), kept);
  if (retired.some((id) => !current.lists.has(id) || after.has(id))) {
    throw new DocumentError("a list would retire that is not there, or that changes");
  }
  return new Map([...kept, ...after]);
}

/** Entry by entry, so that what is too much is never made. */
async function gather(entries, read, kept) {
  const lists = new Map();
  let count = kept.size;
  let room = MAX_PLACES - [...kept.values()].reduce((sum, { size }) => sum + size, 0);
  for (const entry of entries) {
    const [id, marks] = await read(entry);
    lists.set(id, marks);
    if (!kept.has(id)) {
      count += 1;
      room -= marks.size;
    }
    if (room < 0 || count > MAX_LISTS) throw new DocumentError("more lists or places than a terminal holds");
  }
  requireAscending(entries.map(([id]) => id));
  return lists;
}

async function readChange(entry, known) {
  if (!Array.isArray(entry) || entry.length !== 3 || !known.has(entry[0])) {
    const [id, marks] = await readWhole(entry);
    if (known.has(id)) throw new DocumentError("a known list would begin anew");
    return [id, marks];
  }
  const [id, revoked, suspended] = entry;
  const before = known.get(id);
  return [id, { size: before.size, revoked: union(before.revoked, await readPlaces(revoked, before.size)),
    suspended: changed(before.suspended, await readPlaces(suspended, before.size)) }];
}

async function readWhole(entry) {
  if (!Array.isArray(entry) || entry.length !== 4) throw new DocumentError("not a list of this format");
  const [id, size, revoked, suspended] = entry;
  if (!isBelow(id, MAX_LIST) || !isBelow(size, MAX_SIZE + 1) || size === 0) throw new DocumentError("not a list of this format");
  return [id, { size, revoked: await readPlaces(revoked, size), suspended: await readPlaces(suspended, size) }];
}

/** SHA-256 over the lists in order, cut: sizes first, so that no two states give the same bytes. */
async function digestOf(lists) {
  const ordered = [...lists].sort(([left], [right]) => left - right);
  const content = new Uint8Array(ordered.reduce((sum, [, { revoked }]) => sum + LIST_HEAD_BYTES + 2 * revoked.length, 0));
  const view = new DataView(content.buffer);
  let at = 0;
  for (const [id, { size, revoked, suspended }] of ordered) {
    view.setUint16(at, id);
    view.setUint32(at + 2, size);
    content.set(revoked, at + LIST_HEAD_BYTES);
    content.set(suspended, at + LIST_HEAD_BYTES + revoked.length);
    at += LIST_HEAD_BYTES + 2 * revoked.length;
  }
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", content)).slice(0, DIGEST_BYTES);
}

function requireAscending(ids) {
  if (ids.some((id, at) => at > 0 && id <= ids[at - 1])) throw new DocumentError("lists out of order or repeated");
}

function isBelow(value, limit) {
  return Number.isSafeInteger(value) && value >= 0 && value < limit;
}
