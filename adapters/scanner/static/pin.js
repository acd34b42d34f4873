/** A PIN that guards a page against passers-by: how it is kept, and how long wrong tries wait. No page, no store. */

const ROUNDS = 600_000;
const FREE_TRIES = 5;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;

/** @param {string} pin @returns {boolean} four to eight digits */
export function isPin(pin) {
  return /^[0-9]{4,8}$/.test(pin);
}

/** @param {string} pin @returns {Promise<object>} what is kept of it */
export async function keepPin(pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { salt, rounds: ROUNDS, proof: await stretch(pin, salt, ROUNDS), wrong: 0, waitUntil: 0 };
}

/** @param {object} kept @param {string} pin @returns {Promise<boolean>} */
export async function matches({ salt, rounds, proof }, pin) {
  const tried = await stretch(pin, salt, rounds);
  return tried.every((byte, at) => byte === proof[at]);
}

/**
 * Counts a try as a wrong one, before it is known to be: a reload in between must not save it.
 *
 * @param {object} kept @param {number} now seconds @returns {object} what is kept from now on
 */
export function counted(kept, now) {
  const wrong = kept.wrong + 1;
  const wait = wrong < FREE_TRIES ? 0 : Math.min(FIRST_WAIT_SECONDS * 2 ** (wrong - FREE_TRIES), LONGEST_WAIT_SECONDS);
  return { ...kept, wrong, waitUntil: now + wait };
}

/** @param {object} kept @param {number} now seconds @returns {number} whole seconds until the next try; 0: at once */
export function wait({ waitUntil }, now) {
  // A clock that was set back would otherwise close the page for years.
  return Math.ceil(Math.min(Math.max(waitUntil - now, 0), LONGEST_WAIT_SECONDS));
}

async function stretch(pin, salt, iterations) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256));
}
