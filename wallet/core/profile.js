/**
 * What a terminal is told of itself: its place and scene, what it may do without the service, the scene's small tables.
 * Rules only; the service has the same in `codeservice/profile.py`.
 */

import { hex } from "./hex.js";
import { DocumentError, openSigned } from "./signed.js";

const PURPOSE = "CC1 profile";
/** Bytes of the largest profile that is read: room for about 100,000 tickets. */
export const MAX_PROFILE = 2 ** 22;
/** Seconds from the moment of a profile to its end: so long a suspended terminal that nobody reaches goes on. */
const MAX_LIFETIME = 24 * 3600;
/** Seconds that a profile may be ahead of the terminal's clock. */
const SKEW = 30;
const MAX_TIME = 2 ** 33;
const MAX_AGE = 24 * 3600;
const MAX_COUNT = 2 ** 32;
const MAX_LIST = 2 ** 16;
const MAX_POLICY = 64 * 1024;
const MAX_TEXT = 200;
const SITE_KEY_BYTES = 32;
const HANDLE_BYTES = 8;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const SLOT = /^[0-9]{2}:[0-9]{2}$/;
const TEXTS = ["terminal", "scene", "place", "place_name", "partner_name", "events"];
const NUMBERS = [["version", MAX_TIME], ["expires", MAX_TIME], ["list_age", MAX_AGE + 1], ["holder_limit", MAX_COUNT],
  ["terminal_limit", MAX_COUNT], ["capacity", MAX_COUNT]];
const FIELDS = ["version", "expires", ...TEXTS, "list_age", "holder_limit", "terminal_limit", "site_keys", "tickets"];
const KNOWN = new Set([...FIELDS, "guide", "capacity", "policy", "slots", "asks_health"]);

/**
 * Times are epoch seconds. `tickets` and `slots` give by day (ISO 8601), and by "list-idx" of a grant, the holder's
 * handle in hexadecimal with the count of tickets, and the slot. `policy` has its document as bytes of JSON. The keys
 * of the place's gates are left out: a page has no relay. Survives structured cloning.
 *
 * @typedef {{version: number, expires: number, terminal: string, scene: string, place: string, placeName: string,
 *   listAge: number, holderLimit: number, terminalLimit: number, guide: string|null, capacity: number|null,
 *   policy: {name: string, version: number, document: Uint8Array}|null, asksHealth: boolean,
 *   tickets: Map<string, Map<string, {handle: string, count: number}>>, slots: Map<string, Map<string, string>>}} Profile
 */

/**
 * @param {Profile|null} current
 * @param {Uint8Array} bytes
 * @param {object} circumstances
 * @param {string} circumstances.terminal whose profile it has to be
 * @param {import("./trust_list.js").TrustList} circumstances.trustList
 * @param {number} circumstances.now
 * @returns {Promise<{profile: Profile, kid: string}>} no older than the one in force
 * @throws {DocumentError}
 */
export async function acceptProfile(current, bytes, { terminal, trustList, now }) {
  const { body, kid } = await openSigned(bytes, { purposes: [PURPOSE], trustList, now, longest: MAX_PROFILE });
  const profile = readProfile(body);
  if (profile.terminal !== terminal) throw new DocumentError("for another terminal");
  if (profile.version > now + SKEW) throw new DocumentError("made in the future; look at the clock");
  if (current !== null && profile.version < current.version) throw new DocumentError("older than the one in force");
  return { profile, kid };
}

function readProfile(body) {
  if (!(body instanceof Map) || !FIELDS.every((name) => body.has(name)) || ![...body.keys()].every((name) => KNOWN.has(name))) {
    throw new DocumentError("not a profile of this format");
  }
  const value = (name) => body.get(name);
  if (!NUMBERS.every(([name, limit]) => !body.has(name) || isBelow(value(name), limit))) throw new DocumentError("numbers out of range");
  if (!TEXTS.every((name) => isText(value(name))) || (body.has("guide") && typeof value("guide") !== "string")) {
    throw new DocumentError("texts out of range");
  }
  const version = value("version");
  if (value("expires") <= version || value("expires") > version + MAX_LIFETIME) throw new DocumentError("it lives longer than a profile may");
  if (body.has("asks_health") && value("asks_health") !== true) throw new DocumentError("not a profile of this format");
  readDays(value("site_keys"), (key) => require(key instanceof Uint8Array && key.length === SITE_KEY_BYTES, "no keys of a site"));
  return {
    version, expires: value("expires"), terminal: value("terminal"), scene: value("scene"), place: value("place"),
    placeName: value("place_name"), listAge: value("list_age"), holderLimit: value("holder_limit"),
    terminalLimit: value("terminal_limit"), guide: value("guide") ?? null, capacity: value("capacity") ?? null,
    policy: body.has("policy") ? readPolicy(value("policy")) : null, asksHealth: body.has("asks_health"),
    tickets: readDays(value("tickets"), (entries) => readEntries(entries, readTicket)),
    slots: readDays(body.has("slots") ? value("slots") : new Map(), (entries) => readEntries(entries, readSlot)),
  };
}

function readPolicy(value) {
  require(Array.isArray(value) && value.length === 5, "no policy");
  const [name, version, zh, en, document] = value;
  require([name, zh, en].every(isText) && isBelow(version, MAX_COUNT) && document instanceof Uint8Array && document.length <= MAX_POLICY, "no policy");
  return { name, version, document };
}

function readDays(value, read) {
  const days = value instanceof Map ? [...value] : null;
  require(days?.every(([day]) => typeof day === "string" && DAY.test(day)), "a table that does not go by day");
  return new Map(days.map(([day, entry]) => [day, read(entry)]));
}

function readEntries(entries, read) {
  require(Array.isArray(entries), "no table of a day");
  return new Map(entries.map((entry) => {
    require(Array.isArray(entry) && isBelow(entry[0], MAX_LIST) && isBelow(entry[1], MAX_COUNT), "no table of a day");
    return [`${entry[0]}-${entry[1]}`, read(entry)];
  }));
}

function readTicket([, , handle, count, ...rest]) {
  require(handle instanceof Uint8Array && handle.length === HANDLE_BYTES && isBelow(count, MAX_COUNT) && rest.length === 0, "no tickets of a day");
  return { handle: hex(handle), count };
}

function readSlot([, , slot, ...rest]) {
  require(typeof slot === "string" && SLOT.test(slot) && rest.length === 0, "no slots of a day");
  return slot;
}

function require(holds, message) {
  if (!holds) throw new DocumentError(message);
}

function isText(value) {
  return typeof value === "string" && [...value].length <= MAX_TEXT;
}

function isBelow(value, limit) {
  return Number.isSafeInteger(value) && value >= 0 && value < limit;
}
