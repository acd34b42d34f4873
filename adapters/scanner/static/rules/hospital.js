/** The rules of a clinic desk at a terminal without network, as `adapters/hospital.py` has them: the visit is booked later. */

import { Rejected, TERMINAL_NOT_ALLOWED } from "/wallet/core/reasons.js";
import { both } from "../words.js";

const CHECK_IN = "check_in";

/** Fields of the policy beside the common ones. */
export const fields = ["acts", "departments", "insurance", "emergency", "records", "resource_days"];

/** @param {object} body @returns {object} what of the body is kept with the scan */
export function kept({ act = CHECK_IN, department = "" }) {
  return { act, department, operator: "", business: "" };
}

/** @returns {object} the effect @throws {Rejected} for an act or a department that the policy does not name */
export function decide(_verified, { act = CHECK_IN, department = "" }, _memory, { acts, departments }) {
  if (!acts.includes(act) || (department && !Object.hasOwn(departments, department))) throw new Rejected(TERMINAL_NOT_ALLOWED);
  return { check_in: act === CHECK_IN, department, operator: "", business: "", visit: null, token_until: null };
}

/** @returns {{message: object, details: object}} */
export function reply({ department }, { departments }) {
  return { message: both("clinic.later"), details: department ? { department: departments[department] ?? { zh: department, en: department } } : {} };
}
