/** What staff of each scene need to see beside the verdict, and nothing of another scene. */

import { pick, t } from "./words.js";

const LINES = {
  bus: (seen) => [["fare", pick(seen.fare_title)], ["cents", price(seen.fare_cents)],
    ["ride", t(seen.counted ? "detail.counted" : "detail.not_counted")]],
  hospital: (seen) => [["name", seen.name], ["id_number", seen.id_number], ["insured", insurance(seen.insured)]],
  pharmacy: (seen) => [["name", seen.name], ["id_number", seen.id_number], ...medicine(seen)],
  scenic_spot: (seen) => [["ticket", pick(seen.ticket_title)], ["day", seen.day], ["admitted", `${seen.admitted} / ${seen.capacity}`]],
  government: (seen) => [["queue", seen.queue_number], ["name", seen.name]],
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
  return [["medicine", t(`medicine.${seen.medicine}`)], ["packages", t("detail.boxes", { count: seen.packages })],
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
