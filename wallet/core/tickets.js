/** Tickets of scenic spots for today: what is booked, what can be, how full it is. */

import { ApiError } from "./api.js";

const PATH = "/wallet/api/v1";

/**
 * @param {Function} call see api.js
 * @returns {Promise<object[]>} today's offers as the service gives them; `open` are the times that can be chosen,
 *   `bookable` says whether any is left
 * @throws {ApiError}
 */
export async function listOffers(call) {
  const { offers } = await call("GET", `${PATH}/ticket-offers`);
  // The day is the server's; the earliest offered one is its today, whatever zone this phone is in.
  const today = offers.map(({ day }) => day).sort()[0];
  return offers.filter(({ day }) => day === today).map((offer) => {
    const open = offer.slots.filter((slot) => slot.left > 0 && !slot.ended);
    const free = offer.left === null || offer.left > 0;
    return { ...offer, open, bookable: !offer.mine && (offer.slots.length === 0 ? free : open.length > 0) };
  });
}

/**
 * Changes what grants say: the old ones are revoked, and new ones wait.
 *
 * @param {Function} call
 * @param {{place: string, day: string}} offer
 * @param {string} slot its beginning, empty where an offer has none
 * @throws {ApiError}
 */
export async function bookTicket(call, { place, day }, slot) {
  await call("POST", `${PATH}/tickets`, { place, day, slot });
}

/**
 * @param {{t: Function, pick: Function}} words see language.js
 * @param {{title: object, cents: number, explained: object|null}} price
 * @returns {string}
 */
export function priceWords({ t, pick }, { title, cents, explained }) {
  const price = cents === 0 ? t("tickets.free") : t("tickets.price", { yuan: (cents / 100).toFixed(2) });
  return `${pick(title)} ${price}${explained ? ` · ${pick(explained)}` : ""}`;
}

/**
 * How full a place is, from the public feed.
 *
 * @param {Function} call
 * @param {string} place
 * @returns {Promise<object[]>} sentences; none when the feed cannot be had: a warning that nobody can give is left out
 */
export async function readFlow(call, place) {
  try {
    const { title, advice } = await call("GET", `/api/v1/places/${encodeURIComponent(place)}/flow`);
    return [title, advice].filter(Boolean);
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
