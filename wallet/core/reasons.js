/** The closed list of reasons that a verifier without the service can give. Wire values: added, never renamed or reused. */

export const MALFORMED = "malformed";
export const UNSUPPORTED_VERSION = "unsupported_version";
export const UNSUPPORTED_ALGORITHM = "unsupported_algorithm";
export const UNKNOWN_KEY = "unknown_key";
export const WRONG_KEY_USAGE = "wrong_key_usage";
export const BAD_SIGNATURE = "bad_signature";
export const BAD_HOLDER_PROOF = "bad_holder_proof";
export const NOT_YET_VALID = "not_yet_valid";
export const EXPIRED = "expired";
export const LIFETIME_TOO_LONG = "lifetime_too_long";
export const CLOCK_SKEW = "clock_skew";
export const TIME_UNTRUSTED = "time_untrusted";
export const WRONG_SCENE = "wrong_scene";
export const SECOND_FACTOR_REQUIRED = "second_factor_required";
export const REVOKED = "revoked";
export const SUSPENDED = "suspended";
export const STATUS_STALE = "status_stale";
export const REPLAYED = "replayed";
export const NOT_ENTITLED = "not_entitled";
export const LIMIT_REACHED = "limit_reached";
export const NO_TICKET = "no_ticket";
export const CAPACITY_REACHED = "capacity_reached";
export const CLOSED = "closed";
export const WRONG_SLOT = "wrong_slot";
export const TERMINAL_NOT_ALLOWED = "terminal_not_allowed";
export const TEMPORARILY_UNAVAILABLE = "temporarily_unavailable";

/** Reasons that say nothing about the code: the verifier itself cannot tell. */
const UNDETERMINED = new Set([TIME_UNTRUSTED, STATUS_STALE, TEMPORARILY_UNAVAILABLE]);

/** A check said no. Only `decide` of the verifier turns it into a decision. */
export class Rejected extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.name = "Rejected";
    this.reason = reason;
  }
}

/** @param {string} reason @returns {"refused"|"undetermined"} */
export function decisionFor(reason) {
  return UNDETERMINED.has(reason) ? "undetermined" : "refused";
}
