/** Cards and licences: what is linked, in the holder's own order, and what can be done with each. */

const PATH = "/wallet/api/v1";
/** Characters of the longest number that the service takes: one of an electronic licence has about seventy. */
export const LONGEST_NUMBER = 96;
/** Where this phone keeps the order of the cards. */
const ORDER = "card-order";
/** Kinds of which a copy for one purpose can be made. */
const LICENCES = new Set(["business_licence", "id_card", "social_security_licence", "driving_licence",
  "vehicle_licence",
  "transport_qualification", "transport_permit"]);

/**
 * @param {Function} call see api.js
 * @param {string[]} [order] identifiers as `moved` gave them
 * @returns {Promise<object[]>}
 * @throws {ApiError}
 */
export async function listCards(call, order = []) {
  const { cards } = await call("GET", `${PATH}/cards`);
  const place = (id) => (order.includes(id) ? order.indexOf(id) : order.length);
  return cards.map((card) => ({ id: card.id, type: card.type, title: card.title, number: card.number, state: card.state,
    stateTitle: card.state_title, until: card.valid_until, good: card.state === "normal",
      copyable: LICENCES.has(card.type) }))
    .sort((left, right) => place(left.id) - place(right.id));
}

/**
 * @param {Function} call
 * @returns {Promise<{type: string, title: object}[]>} kinds that can be linked
 * @throws {ApiError}
 */
export async function listCardTypes(call) {
  return (await call("GET", `${PATH}/card-types`)).types;
}

/** @param {Function} call @param {{type: string, number: string}} card @throws {ApiError} */
export function linkCard(call, { type, number }) {
  return call("POST", `${PATH}/cards`, { type, number });
}

/** @param {object[]} cards @param {string} id @returns {string[]} the order with one card a place further up */
export function movedUp(cards, id) {
  const ids = cards.map((card) => card.id);
  const at = ids.indexOf(id);
  if (at > 0) [ids[at - 1], ids[at]] = [ids[at], ids[at - 1]];
  return ids;
}

/** @param {import("./platform.js").Store} store @returns {Promise<string[]>} the holder's order, empty for the service's */
export async function orderIn(store) {
  return (await store.get("settings", ORDER))?.value ?? [];
}

/** @param {import("./platform.js").Store} store @param {string[]} order as `movedUp` gave it @returns {Promise<void>} */
export function keepOrder(store, order) {
  return store.put("settings", { name: ORDER, value: order });
}
