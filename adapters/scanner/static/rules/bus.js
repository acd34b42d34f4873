/**
 * The rules of a bus at a terminal without network, as `adapters/bus.py` has them for lines with a flat fare. What a ride
 * costs in the end is rated by the service from all taps: transfers and daily caps are its business, and the fare shown
 * is provisional.
 */

import { NOT_ENTITLED, Rejected, TEMPORARILY_UNAVAILABLE } from "/wallet/core/reasons.js";
import { both } from "../words.js";

const FARE = 1;
const NUMBERS = { adult: 1, student: 2, senior_half: 3, senior_free: 4, child: 5, disabled: 6, veteran: 7, blood_donor: 8 };

/** Fields of the policy beside the common ones. */
export const fields = ["tariff"];

/** @param {object} _body @returns {object} what of the body is kept with the scan */
export function kept(_body) {
  return { line: "", stop: "", way: "ride", companions: 0 };
}

/** @returns {Promise<object>} the effect @throws {Rejected} */
export async function decide({ grant }, _body, memory, { tariff }) {
  const line = tariff.lines.find(({ places }) => places.includes(memory.place)) ?? tariff.lines.find(({ id }) => id === tariff.line);
  // A fare by distance needs a stop, which this page does not know.
  if (line?.fare.kind !== "flat") throw new Rejected(TEMPORARILY_UNAVAILABLE);
  const name = classOf(tariff, grant.entitlements.get(FARE));
  if (name === null) throw new Rejected(NOT_ENTITLED);
  const counted = await memory.firstWithin(`tap ${line.id}`, tariff.same_tap);
  return { fare_class: name, fare_cents: counted ? shareOf(tariff.classes[name], line.fare.cents) : 0, counted, line: line.id, stop: "",
    way: "ride", companions: 0, transfer: false, capped: false, provisional: true };
}

/** @returns {{message: object, details: object}} */
export function reply({ fare_class: name, fare_cents: cents, counted }) {
  const note = counted ? "ride" : "same_tap";
  const title = Object.hasOwn(NUMBERS, name) ? both(`fare.${name}`) : { zh: name, en: name };
  return { message: title, details: { fare_title: title, fare_cents: cents, counted, note, note_title: both(`ride.${note}`), provisional: true } };
}

function classOf(tariff, number) {
  if (!(number > 0)) return null;
  return Object.keys(tariff.classes).find((name) => NUMBERS[name] === number) ?? tariff.otherwise;
}

function shareOf({ percent, cents }, full) {
  return percent === null ? Math.min(full, cents ?? 0) : Math.floor((full * percent) / 100);
}
