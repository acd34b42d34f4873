/**
 * Errands: what hospitals, pharmacies and government halls keep of the holder, and what waits for the holder's word.
 */

const PATH = "/wallet/api/v1";
/** States in which an application waits for the holder. */
const ASKED = "asked";
const CONSENTED = "consented";
/** Grades of a visit, the best first. */
export const GRADES = [5, 4, 3, 2, 1];

/**
 * @param {Function} call see api.js
 * @returns {Promise<object>} {visits, applications, purchases, prescriptions}
 * @throws {ApiError}
 */
export async function listErrands(call) {
  const [{ visits }, { applications }, { purchases }, { prescriptions }] = await Promise.all(
    ["visits", "applications", "purchases", "prescriptions"].map((name) => call("GET", `${PATH}/${name}`)));
  return { purchases, prescriptions,
    visits: visits.map((visit) => ({ ...visit, reviewable: visit.state === "finished" && visit.grade === null })),
    applications: applications.map((entry) => ({ ...entry, waits: entry.state === ASKED,
      withdrawable: entry.state === CONSENTED })) };
}

/**
 * @param {Function} call
 * @param {string} id
 * @returns {Promise<object>} exactly what a consent would share
 * @throws {ApiError}
 */
export function previewApplication(call, id) {
  return call("GET", `${PATH}/applications/${encodeURIComponent(id)}/preview`);
}

/**
 * Consents to the values of a preview and no others.
 *
 * @param {Function} call
 * @param {{application: string, digest: string}} preview
 * @throws {ApiError}
 */
export function consentToApplication(call, { application, digest }) {
  return call("POST", `${PATH}/applications/${encodeURIComponent(application)}/consent`, { digest });
}

/** @param {Function} call @param {string} id @param {"refused"|"withdrawn"} state @throws {ApiError} */
export function closeApplication(call, id, state) {
  return call("POST", `${PATH}/applications/${encodeURIComponent(id)}/closing`, { state });
}

/** @param {Function} call @param {string} visit @param {number} grade 1 to 5 @throws {ApiError} */
export function reviewVisit(call, visit, grade) {
  return call("POST", `${PATH}/visits/${encodeURIComponent(visit)}/review`, { grade });
}
