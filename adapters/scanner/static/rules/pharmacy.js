/** The rules of a till at a terminal without network, as `adapters/pharmacy.py` has them: who it is, and no limited medicine. */

import { Rejected, TEMPORARILY_UNAVAILABLE } from "/wallet/core/reasons.js";
import { both } from "../words.js";

const INSURED = 3;
const NOT_INSURED = 0;

/** Fields of the policy beside the common ones. */
export const fields = ["classes", "registration", "reversal_minutes"];

/** @param {object} _body @returns {object} what of the body is kept with the scan: the buyer's answers are private */
export function kept({ medicine }) {
  return medicine ? { medicine } : {};
}

/** @returns {object} the effect @throws {Rejected} for a medicine: other pharmacies count too */
export function decide({ grant }, { medicine }) {
  if (medicine) throw new Rejected(TEMPORARILY_UNAVAILABLE);
  const said = grant.entitlements.get(INSURED);
  return { medicine: null, packages: null, remaining: null, insured: said === undefined ? null : said !== NOT_INSURED, registered: false };
}

/** @returns {{message: object, details: object}} */
export function reply({ insured }) {
  return { message: both("pharmacy.verified"), details: { insured } };
}
