/** The rules of a gate of a scenic spot without network, as `adapters/scenic_spot.py` has them: tickets are in the profile. */

import { CAPACITY_REACHED, CLOSED, LIMIT_REACHED, NO_TICKET, Rejected, TERMINAL_NOT_ALLOWED, WRONG_SLOT } from "/wallet/core/reasons.js";
import { cityDay, sinceMidnight } from "../city_time.js";
import { both } from "../words.js";
import { rowFor } from "./condition.js";
import { isOpen, secondsOf } from "./hours.js";
import { inside, move } from "./presence.js";

const NO_BOUND = 1_000_000_000;
const OTHER = "other";

/** Fields of the policy beside the common ones. */
export const fields = ["prices", "hours", "slots", "booking_days", "people_limit", "early_minutes", "late_minutes", "passages",
  "inside_limit", "reentry", "passes", "refunds", "flow"];

/** @param {object} body @returns {object} what of the body is kept with the scan */
export function kept({ people, passage }) {
  return { ...(people && { people }), ...(passage && { passage }) };
}

/** @returns {Promise<object>} the effect @throws {Rejected} */
export async function decide({ grant }, body, memory, policy, now) {
  const day = cityDay(now);
  const passage = body.passage ?? "enter";
  if (!policy.passages.includes(passage)) throw new Rejected(TERMINAL_NOT_ALLOWED);
  const common = { day, capacity: memory.capacity, code: rowFor(policy.prices, grant.entitlements)?.code ?? OTHER, passage };
  if (passage === "leave") {
    const people = body.people ?? Math.max(1, await inside(memory, day));
    return { ...common, people, inside: await move(memory, day, -people, NO_BOUND), admitted: await seen(memory, day) };
  }
  if (!isOpen(policy.hours, now)) throw new Rejected(CLOSED);
  return { ...common, ...await enter(body, memory, policy, day, now) };
}

/** @returns {{message: object, details: object}} */
export function reply({ code, passage, again, ...effect }, { prices }) {
  const row = prices.find((each) => each.code === code);
  const welcome = again ? "gate.welcome_back" : "gate.welcome";
  return { message: both(passage === "leave" ? "gate.goodbye" : welcome),
    details: { ...effect, again, ticket_title: row?.title ?? both("gate.ticket"), explained: row?.explained ?? null } };
}

async function enter(body, memory, policy, day, now) {
  const tickets = memory.tickets(day);
  if (tickets === 0) throw new Rejected(NO_TICKET);
  const admission = `admission:${memory.place}:${day}`;
  const used = await memory.add(admission, 0);
  const again = used >= tickets && policy.reentry !== null;
  const times = policy.reentry?.times ?? 0;
  const people = body.people ?? (again ? 1 : Math.max(1, tickets - used));
  const slot = memory.slot(day);
  if (again) await requireReentry(memory, policy, { tickets, people, day, now });
  else if (slot && !isInSlot(policy, slot, now)) throw new Rejected(WRONG_SLOT);
  if (await memory.take(admission, people, again ? tickets * (1 + times) : tickets) === null) throw new Rejected(LIMIT_REACHED);
  await memory.firstWithin(`admitted:${memory.place}`, 0);
  const admitted = again ? await seen(memory, day) : await admit(memory, day, people);
  const effect = { admitted, people, again, tickets, times, slot };
  if (!policy.passages.includes("leave")) return effect;
  const within = await move(memory, day, people, policy.inside_limit ?? NO_BOUND);
  if (within === null) throw new Rejected(CAPACITY_REACHED);
  return { ...effect, inside: within };
}

async function requireReentry(memory, policy, { tickets, people, day, now }) {
  const last = await memory.lastAt(`admitted:${memory.place}`);
  if (last === null || now - last > policy.reentry.hours * 3600) throw new Rejected(LIMIT_REACHED);
  // Somebody inside has handed the phone over the fence.
  if (policy.passages.includes("leave") && await inside(memory, day) + people > tickets) throw new Rejected(LIMIT_REACHED);
}

/** A slot that is gone from the policy lets nobody in. */
function isInSlot({ slots, early_minutes: early, late_minutes: late }, name, now) {
  const slot = slots.find(({ begins }) => begins === name);
  if (!slot) return false;
  const since = sinceMidnight(now);
  return secondsOf(slot.begins) - 60 * early <= since && since < secondsOf(slot.ends) + 60 * late;
}

async function seen(memory, day) {
  return await memory.addShared(`admitted:${day}`, 0, NO_BOUND) ?? 0;
}

async function admit(memory, day, people) {
  const bound = memory.capacity ?? NO_BOUND;
  const left = await memory.takeShared(`admitted:${day}`, people, bound);
  if (left === null) throw new Rejected(CAPACITY_REACHED);
  return bound - left;
}
