/** Family ties: for whom the holder may show codes, who may show theirs, and how a tie begins and ends. */

const PATH = "/wallet/api/v1/household/ties";
/** The kinds of tie, in the order in which people look for them. */
export const TIE_KINDS = ["parent", "helper", "guardian_by_court"];
/** States in which something can still be done. */
const OPEN = new Set(["requested", "waiting_review", "active"]);

/**
 * @param {Function} call see api.js
 * @returns {Promise<{dependants: object[], guardians: object[], closed: object[], counts: object}>} ties by side;
 *   counts:
 *   {dependants, mostDependants, guardians, mostGuardians} of active ties
 * @throws {ApiError}
 */
export async function listTies(call) {
  const { ties, most_dependants: mostDependants, most_guardians: mostGuardians } = await call("GET", PATH);
  const rows = ties.map(rowOf);
  const of = (side) => rows.filter((tie) => tie.side === side && tie.open);
  const active = (side) => of(side).filter((tie) => tie.active).length;
  return { dependants: of("guardian"), guardians: of("dependant"), closed: rows.filter((tie) => !tie.open),
    counts: { dependants: active("guardian"), mostDependants, guardians: active("dependant"), mostGuardians } };
}

/**
 * @param {Function} call
 * @param {{kind: string, name: string, idNumber: string, certificate: string}} asked certificate: number of the birth
 *   certificate, empty when the household record is the proof
 * @throws {ApiError}
 */
export async function askForTie(call, { kind, name, idNumber, certificate }) {
  const proof = kind === "parent" && certificate ? { birth_certificate: certificate } : {};
  return rowOf(await call("POST", PATH, { kind, name, id_number: idNumber.toUpperCase(), ...proof }));
}

/**
 * Sends the one-time password with which the one acted for confirms.
 *
 * @param {Function} call
 * @param {string} tie
 * @throws {ApiError}
 */
export function sendTieMessage(call, tie) {
  return call("POST", `${path(tie)}/messages`, {});
}

/**
 * @param {Function} call
 * @param {string} tie
 * @param {{challenge: string, password: string, sharesRecords: boolean}} word
 * @throws {ApiError}
 */
export async function consentToTie(call, tie, { challenge, password, sharesRecords }) {
  return rowOf(await call("POST", `${path(tie)}/consent`,
    { challenge, one_time_password: password, shares_records: sharesRecords }));
}

/**
 * Ends, refuses or takes back a tie; its codes die at once.
 *
 * @param {Function} call
 * @param {string} tie
 * @throws {ApiError}
 */
export function endTie(call, tie) {
  return call("DELETE", path(tie));
}

function path(tie) {
  return `${PATH}/${encodeURIComponent(tie)}`;
}

function rowOf(tie) {
  const active = tie.state === "active";
  const acts = tie.side === "guardian";
  return { id: tie.id, side: tie.side, name: tie.name, kind: tie.kind_title, state: tie.state,
    stateTitle: tie.state_title,
    reason: tie.reason_title, until: tie.until, scenes: tie.scenes, sharesRecords: tie.shares_records,
      open: OPEN.has(tie.state),
    active, canShow: active && acts, canPrint: active && acts && tie.may_print,
      canConsent: tie.state === "requested" && !acts };
}
