/**
 * Which grant to show, and when to fetch new ones. Rules only: no store, no network, no clock.
 *
 * A held grant is {id, list, idx, tie, scene, grant, notBefore, expires, privateKey, shownFrom, shownLast}; the last two are
 * null until it was on screen. Each grant is one pseudonym: it is shown for an hour at most, then the next one is taken.
 */

export const ALL_SCENES = "all";
/** A grant is left after this many seconds on screen, so that scans of a day cannot be joined. */
export const SHOW_AT_MOST = 3600;
/** Renewal starts this long before expiry; sooner when a city issues grants of less than a day. */
export const RENEW_BEFORE = 6 * 3600;
const RENEW_SHARE = 1 / 4;
/** A code stands a while after it is drawn; a grant that ends sooner is not shown. */
export const LAST_SECONDS = 60;

const BATCH = { [ALL_SCENES]: 8 };
const SCENE_BATCH = 2;

/** Grants fetched at a time for somebody acted for: their codes are shown now and then, not several times a day. */
export const TIE_BATCH = 4;

/** @param {string} scene @returns {number} grants fetched at a time */
export function batchSize(scene) {
  return BATCH[scene] ?? SCENE_BATCH;
}

/** @param {object} grant @param {number} now @returns {boolean} */
export function isUsable(grant, now) {
  return grant.notBefore <= now && now < grant.expires - LAST_SECONDS;
}

/**
 * @param {object[]} grants
 * @param {string} scene
 * @param {number} now
 * @param {string|null} currentId the grant on screen, null after a change of scene
 * @returns {object|null} the grant to show; for want of one of the scene, one good everywhere
 */
export function chooseGrant(grants, scene, now, currentId) {
  const usable = grants.filter((grant) => isUsable(grant, now));
  const ofScene = usable.filter((grant) => grant.scene === scene);
  const pool = ofScene.length > 0 ? ofScene : usable.filter((grant) => grant.scene === ALL_SCENES);
  const current = pool.find((grant) => grant.id === currentId);
  if (current && now - (current.shownFrom ?? now) < SHOW_AT_MOST) return current;
  // Never shown first, then the one that rested longest; of equals the one that ends first.
  const order = (grant) => grant.shownLast ?? -1;
  pool.sort((left, right) => order(left) - order(right) || left.expires - right.expires);
  return pool.find((grant) => grant !== current) ?? current ?? null;
}

/**
 * @param {object[]} grants
 * @param {string} scene
 * @param {number} now
 * @param {number} [size] of a batch
 * @returns {boolean} fewer than half a batch are unused and good for the next hours, or none can be shown now
 */
export function needsRenewal(grants, scene, now, size = batchSize(scene)) {
  const ofScene = grants.filter((grant) => grant.scene === scene);
  const fresh = ofScene.filter((grant) => grant.shownFrom === null
    && grant.expires - now > Math.min(RENEW_BEFORE, (grant.expires - grant.notBefore) * RENEW_SHARE));
  return fresh.length < size / 2 || !ofScene.some((grant) => isUsable(grant, now));
}

/**
 * @param {object[]} grants
 * @param {string} scene
 * @param {number} now
 * @returns {number|null} until when this phone can show a code here without the network
 */
export function goodUntil(grants, scene, now) {
  const ends = grants.filter((grant) => isUsable(grant, now) && (grant.scene === scene || grant.scene === ALL_SCENES))
    .map((grant) => grant.expires);
  return ends.length > 0 ? Math.max(...ends) : null;
}
