/** Health records: which hospital may open which parts, what for, until when; hospitals' questions; who has looked. */

const PATH = "/wallet/api/v1";
const DAY = 24 * 3600;
/** Lengths of a consent that are offered, and the one that is chosen at first. */
export const CONSENT_DAYS = [1, 7, 30, 90, 365];
export const USUAL_DAYS = 7;

/**
 * @param {Function} call see api.js
 * @returns {Promise<object>} {institutions, scopes, purposes, mostDays}
 * @throws {ApiError}
 */
export async function recordChoices(call) {
  const { institutions, scopes, purposes, max_days: mostDays } = await call("GET", `${PATH}/record-choices`);
  return { institutions, scopes, purposes, mostDays };
}

/** @param {Function} call @returns {Promise<object[]>} each consent in its newest version @throws {ApiError} */
export async function listRecordConsents(call) {
  return (await call("GET", `${PATH}/record-consents`)).consents;
}

/** @param {{withdrawn: any, active: boolean}} consent @returns {"active"|"withdrawn"|"over"} */
export function stateOf({ withdrawn, active }) {
  if (withdrawn) return "withdrawn";
  return active ? "active" : "over";
}

/**
 * @param {Function} call
 * @param {{institution: string, scopes: string[], purpose: string, days: number}} given
 * @param {number} now seconds, the service's
 * @throws {ApiError}
 */
export function giveRecordConsent(call, { institution, scopes, purpose, days }, now) {
  return call("POST", `${PATH}/record-consents`, { institution, scopes, purpose, ends: Math.floor(now) + days * DAY });
}

/** Counts from the hospital's next request. @param {Function} call @param {string} id @throws {ApiError} */
export function withdrawRecordConsent(call, id) {
  return call("DELETE", `${PATH}/record-consents/${encodeURIComponent(id)}`);
}

/**
 * @param {Function} call
 * @returns {Promise<object[]>} questions of hospitals that wait for an answer
 * @throws {ApiError}
 */
export async function listRecordQuestions(call) {
  return (await call("GET", `${PATH}/record-requests`)).requests;
}

/** @param {Function} call @param {string} id @param {boolean} given @throws {ApiError} */
export async function answerRecordQuestion(call, id, given) {
  await call("POST", `${PATH}/record-requests/${encodeURIComponent(id)}/answer`, { given });
}

/**
 * @param {Function} call
 * @returns {Promise<object[]>} who looked, at what, allowed or not, the newest first; `allowed` and `purpose` in the
 *   service's words where it has any, as codes otherwise
 * @throws {ApiError}
 */
export async function listHealthAccesses(call) {
  const [{ accesses }, { scopes, purposes }] = await Promise.all([call("GET", `${PATH}/health-accesses`),
    recordChoices(call)]);
  const titled = (choices, code) => choices.find((choice) => choice.code === code) ?? { code,
    title: { zh: code, en: code } };
  return accesses.map((look) => ({ ...look, allowed: look.allowed.map((code) => titled(scopes, code)),
    purpose: titled(purposes, look.purpose) }));
}
