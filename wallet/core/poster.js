/**
 * The poster of a place as a phone reads it: without the city's keys, so nothing in it is to be trusted. Whether it
 * counts is the service's word; see codeservice/poster.py.
 */

import { decodeCbor } from "./cbor.js";
import { readSign1 } from "./cose.js";
import { digitsToBytes } from "./digits.js";

/** Digits in front of every poster. */
const POSTER_KIND = "70";
const LONGEST_POSTER = 600;
const PLACE = /^[A-Za-z0-9-]{1,32}$/;
const LONGEST_SCREEN = 60;
const LONGEST_PRINT = 400 * 24 * 3600;
const PAST_TIME = 2 ** 33;
const PAST_GENERATION = 2 ** 32;
/** Of a location: the steps in a degree, and the metres of a radius. */
const STEPS = 100_000;
const RADII = [20, 2000];

/**
 * A circle on the ground, WGS 84: degrees, and metres.
 *
 * @typedef {{latitude: number, longitude: number, radius: number}} Location
 */

/**
 * @typedef {{place: string, begins: number, ends: number, generation: number, screen: boolean, location: Location|null}}
 *   UnverifiedPoster location: there where the phone is to compare its own with it
 */

/** @param {string} text as read or typed @returns {string|null} the poster's digits, null when it is none */
export function posterText(text) {
  const digits = text.replace(/\s+/g, "");
  return /^[0-9]+$/.test(digits) && digits.startsWith(POSTER_KIND) && digits.length <= LONGEST_POSTER ? digits : null;
}

/** @param {string} digits @returns {UnverifiedPoster} @throws {RangeError} for anything that is not of the form */
export function readPoster(digits) {
  if (posterText(digits) !== digits) throw new RangeError("no poster");
  const { kid, payload } = readSign1(digitsToBytes(digits.slice(POSTER_KIND.length)));
  const body = decodeCbor(payload);
  if (kid === null || !(body instanceof Map)) throw new RangeError("no poster");
  const [place, begins, ends, generation, screen] = [1, 2, 3, 4, 5].map((key) => body.get(key));
  const sound = typeof place === "string" && PLACE.test(place) && typeof screen === "boolean"
    && isBelow(begins, PAST_TIME) && isBelow(ends, PAST_TIME) && isBelow(generation, PAST_GENERATION);
  const life = sound ? ends - begins : 0;
  if (life <= 0 || life > (screen ? LONGEST_SCREEN : LONGEST_PRINT)) throw new RangeError("no poster");
  if (body.size !== (body.has(6) ? 6 : 5)) throw new RangeError("a field too many");
  return { place, begins, ends, generation, screen, location: body.has(6) ? readLocation(body.get(6)) : null };
}

/** @param {string} digits @returns {Location|null} null where the phone has nothing to compare */
export function posterLocation(digits) {
  try {
    return readPoster(digits).location;
  } catch (error) {
    // What this phone cannot read is the service's to judge: it may be newer than the phone.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readLocation(values) {
  const [latitude, longitude, radius] = Array.isArray(values) && values.length === 3 ? values : [];
  if (!isWithin(latitude, -90 * STEPS, 90 * STEPS) || !isWithin(longitude, -180 * STEPS, 180 * STEPS)
    || !isWithin(radius, ...RADII)) throw new RangeError("no location");
  return { latitude: latitude / STEPS, longitude: longitude / STEPS, radius };
}

function isBelow(value, limit) {
  return isWithin(value, 0, limit - 1);
}

function isWithin(value, least, most) {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
