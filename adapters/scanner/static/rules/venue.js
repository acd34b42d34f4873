/** The rules of a place whose scene is data alone, without network, as `adapters/venue.py` has them. */

import { CAPACITY_REACHED, CLOSED, LIMIT_REACHED, NOT_ENTITLED, Rejected, TERMINAL_NOT_ALLOWED } from "/wallet/core/reasons.js";
import { cityDay } from "../city_time.js";
import { both } from "../words.js";
import { rowFor } from "./condition.js";
import { isOpen } from "./hours.js";
import { inside, move } from "./presence.js";
import { stayCents } from "./stay.js";

const NO_BOUND = 1_000_000_000;
/** Characters of a day that name its span, in the order in which counters are taken. */
const SPANS = [["day", 10], ["month", 7], ["year", 4]];

/** Fields of the policy beside the common ones. */
export const fields = ["admits", "passages", "hours", "limits", "inside_limit", "day_limit", "twice", "overnight", "posters",
  "confirm_here", "words"];

/** @param {object} body @returns {object} what of the body is kept with the scan */
export function kept({ passage }) {
  return passage ? { passage } : {};
}

/** @returns {Promise<object>} the effect @throws {Rejected}; who leaves is let out at any hour */
export async function decide({ grant }, body, memory, policy, now) {
  const passage = passageOf(body, policy);
  const row = rowFor(policy.admits, grant.entitlements);
  if (passage === "leave") return leave(row, memory, policy, now);
  if (row === null) throw new Rejected(NOT_ENTITLED);
  if (!isOpen(policy.hours, now)) throw new Rejected(CLOSED);
  const leaves = policy.passages.includes("leave");
  if (passage === "enter" && !policy.twice && leaves && await inside(memory, stretch(policy, now)) > 0) throw new Rejected(LIMIT_REACHED);
  const day = cityDay(now);
  const bounds = new Map(policy.limits.map(({ period, entries }) => [period, entries]));
  for (const [period, length] of SPANS) {
    if (!bounds.has(period)) continue;
    if (await memory.take(`entries:${memory.place}:${day.slice(0, length)}`, 1, bounds.get(period)) === null) throw new Rejected(LIMIT_REACHED);
  }
  const most = Math.min(policy.day_limit ?? NO_BOUND, memory.capacity ?? NO_BOUND);
  if (await memory.takeShared(`entered:${day}`, 1, most) === null) throw new Rejected(CAPACITY_REACHED);
  return { passage, code: row.code, price_cents: row.cents, day, periods: [...bounds.keys()].sort(), overnight: policy.overnight,
    ...(bounds.has("day") && { entries: bounds.get("day") }),
    ...(passage === "enter" && leaves && { inside: await enter(memory, policy, now) }) };
}

/** @returns {{message: object, details: object}} */
export function reply({ passage, code, price_cents: cents, minutes = null, inside: within = null }, { admits, words }) {
  const row = admits.find((each) => each.code === code);
  return { message: words[passage] ?? both(`venue.${passage}`),
    details: { title: row?.title ?? { zh: code, en: code }, explained: row?.explained ?? null, price_cents: cents, minutes, inside: within } };
}

/** Nobody guesses which way a gate lets people through: its operator sets it. */
function passageOf({ passage }, { passages, admits }) {
  const chosen = passage ?? (passages.length === 1 ? passages[0] : null);
  if (!passages.includes(chosen)) throw new Rejected(admits.length > 0 ? TERMINAL_NOT_ALLOWED : NOT_ENTITLED);
  return chosen;
}

async function leave(row, memory, policy, now) {
  const within = stretch(policy, now);
  const last = await memory.lastAt(`entered:${memory.place}`);
  // Not seen to enter: nothing is charged, and nobody is kept in.
  const entered = await inside(memory, within) > 0 ? last : null;
  const stay = row?.stay ?? null;
  return { passage: "leave", code: row?.code ?? "other", price_cents: stay === null || entered === null ? 0 : stayCents(stay, now - entered),
    day: cityDay(now), overnight: policy.overnight, inside: await move(memory, within, -1, NO_BOUND), ...(stay && { stay }),
    ...(entered !== null && { entered, minutes: Math.floor((now - entered) / 60) }) };
}

async function enter(memory, policy, now) {
  await memory.firstWithin(`entered:${memory.place}`, 0);
  const within = await move(memory, stretch(policy, now), 1, policy.inside_limit ?? NO_BOUND);
  if (within === null) throw new Rejected(CAPACITY_REACHED);
  return within;
}

/** The time over which people inside are counted: a day, or always. */
function stretch({ overnight }, now) {
  return overnight ? "always" : cityDay(now);
}
