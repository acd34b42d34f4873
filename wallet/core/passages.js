/** Passages: places whose poster the holder scans themselves. What follows is an entry in their own records only. */

import { compare, roughly } from "./here.js";
import { posterLocation } from "./poster.js";

const PATH = "/wallet/api/v1/passages";
/** The ways past a place; which of them a place takes is in its rules. */
export const WAYS = ["enter", "leave", "single"];

/** @param {Function} call see api.js @returns {Promise<object[]>} the newest first @throws {ApiError} */
export async function listPassages(call) {
  return (await call("GET", PATH)).passages;
}

/**
 * Passes a place. Where its poster carries a location the phone compares its own with it, and nothing at all is sent
 * unless they fit.
 *
 * @param {import("./wallet.js").Wallet} wallet
 * @param {{poster: string, passage: string}} passing
 * @param {() => void} asking called before the phone is asked for its location
 * @returns {Promise<{state: "recorded", name: string, at: number}|{state: "away"|"inexact"|"denied"|"unknown", metres?: number}>}
 * @throws {ApiError} poster_refused: forged, outlived, or of another place or way
 */
export async function recordPassage({ call, device, platform }, { poster, passage }, asking) {
  const location = posterLocation(poster);
  if (location !== null) {
    asking();
    const compared = compare(location, await platform.locate());
    if (compared.state !== "here") return compared;
  }
  const here = location === null ? {} : { here: true };
  const proof = await device.prove("passage+jwt", { poster, passage, ...here });
  return { state: "recorded", ...await call("POST", PATH, { proof }) };
}

/** @param {{t: Function, dayAndTime: Function}} words @param {object} outcome of recordPassage @returns {string} */
export function outcomeWords({ t, dayAndTime }, { state, name, at, metres = 0 }) {
  if (state === "recorded") return t("place.done", { place: name, time: dayAndTime(at) });
  return t(`place.here.${state}`, { distance: roughly(t, metres) });
}
