/** What staff of each scene need to see beside the verdict, and nothing of another scene. */

import { pick, t } from "./words.js";

/** What a tap costs that is no ride of its own, or not yet. */
const NO_PRICE = new Set(["tap_in", "tap_out", "same_tap"]);

const LINES = {
  bus: (seen) => [["fare", pick(seen.fare_title)], ["cents", NO_PRICE.has(seen.note) ? null : price(seen.fare_cents)],
    ["ride", pick(seen.note_title)], ["companions", seen.companions || null]],
  hospital: (seen) => [["name", seen.name], ["id_number", seen.id_number], ["insured", insurance(seen.insured)],
    ["department", pick(seen.department)], ["visit", seen.visit]],
  pharmacy: (seen) => [["name", seen.name], ["id_number", seen.id_number], ["insured", insurance(seen.insured)], ...medicine(seen)],
  scenic_spot: (seen) => [["ticket", pick(seen.ticket_title)], ["rule", seen.explained && pick(seen.explained)], ["people", seen.people],
    ["slot", seen.slot], ["day", seen.day], ["admitted", `${seen.admitted} / ${seen.capacity ?? "–"}`], ["inside", seen.inside]],
  venue: (seen) => [["ticket", pick(seen.title)], ["rule", seen.explained && pick(seen.explained)], ["cents", price(seen.price_cents)],
    ["minutes", seen.minutes], ["inside", seen.inside], ["name", seen.name]],
  government: (seen) => [["queue", seen.queue_number], ["service", seen.service_title && pick(seen.service_title)], ["name", seen.name]],
};

/**
 * @param {string} scene
 * @param {object} seen `details` of the server's answer
 * @returns {[string, string][]} label and value; what the server left out is left out
 */
export function detailLines(scene, seen) {
  if (!Object.hasOwn(LINES, scene) || Object.keys(seen).length === 0) return [];
  return LINES[scene](seen).filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([label, value]) => [t(`detail.${label}`), String(value)]);
}

function medicine(seen) {
  if (!seen.medicine) return [];
  return [["medicine", pick(seen.medicine_title)], ["packages", t("detail.boxes", { count: seen.packages })],
    ["remaining", t("detail.boxes", { count: seen.remaining })]];
}

function insurance(insured) {
  // Null: nobody could tell, or this place may not know.
  return typeof insured === "boolean" ? t(`detail.insured.${insured}`) : null;
}

function price(cents) {
  if (!Number.isFinite(cents)) return null;
  return cents === 0 ? t("detail.free") : t("detail.yuan", { yuan: (cents / 100).toFixed(2) });
}
