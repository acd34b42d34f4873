/**
 * The digit code: eighteen digits for one-dimensional scanners and for the counter's ear. Online only, single use.
 *
 * Nine digits of a rotating handle, eight of a one-time password under that handle's seed, one check digit.
 */

import { luhnDigit } from "./luhn.js";
import { fromBase32, totp } from "./totp.js";

const SHAPE = /^[0-9]{18}$/;
const PASSWORD_DIGITS = 8;
const GROUP_DIGITS = 3;

/**
 * @param {{handle: string, seed: string, now: number, hmac: Function}} shown seed in base32, now in epoch seconds by the
 *   server's clock, HMAC-SHA-256 of the platform
 * @returns {Promise<string>}
 */
export async function writeDigitCode({ handle, seed, now, hmac }) {
  const digits = handle + await totp(fromBase32(seed), now, { digits: PASSWORD_DIGITS, hmac });
  return digits + luhnDigit(digits);
}

/** @param {string} text @returns {boolean} eighteen digits of which none was mistyped; says nothing about the password */
export function isDigitCode(text) {
  return SHAPE.test(text) && luhnDigit(text.slice(0, -1)) === text.at(-1);
}

/** @param {string} text @returns {string[]} groups of three, as they are read aloud */
export function groupsOf(text) {
  return Array.from({ length: Math.ceil(text.length / GROUP_DIGITS) }, (_, at) => text.slice(at * GROUP_DIGITS, (at + 1) * GROUP_DIGITS));
}
