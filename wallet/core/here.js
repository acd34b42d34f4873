/** Whether this phone is at a place. It is compared on the phone; where the phone is goes nowhere from here. */

/** Metres of the earth's mean radius. */
const EARTH = 6_371_009;
/** Metres within which a phone has to know where it is: one that knows only the district is nowhere. */
const MOST_INEXACT = 200;

/**
 * @param {import("./poster.js").Location} location of the place
 * @param {import("./platform.js").Sight} sight what the platform knows of its own
 * @returns {{state: "here"|"away"|"inexact"|"denied"|"unknown", metres?: number}} metres: how far away
 */
export function compare(location, sight) {
  if (sight.state !== "found") return { state: sight.state };
  const { latitude, longitude, accuracy } = sight;
  if (![latitude, longitude, accuracy].every(Number.isFinite) || accuracy < 0) return { state: "unknown" };
  const metres = distance(location, sight);
  if (accuracy <= MOST_INEXACT && metres <= location.radius + accuracy) return { state: "here" };
  // A phone that could be anywhere around is not here because the middle of "anywhere" happens to be.
  return metres > location.radius + accuracy ? { state: "away", metres } : { state: "inexact" };
}

/** @param {(key: string, values: object) => string} t @param {number} metres @returns {string} roughly, such as 300 m */
export function roughly(t, metres) {
  const rounded = Math.max(50, Math.round(metres / 50) * 50);
  if (rounded < 1000) return t("place.metres", { count: rounded });
  return t("place.kilometres", { count: metres < 9950 ? Math.round(metres / 100) / 10 : Math.round(metres / 1000) });
}

/** Along the ground, by the haversine formula, which is exact for small distances too. */
function distance(one, other) {
  const [from, to] = [one.latitude, other.latitude].map(radians);
  const half = Math.sin((to - from) / 2) ** 2
    + Math.cos(from) * Math.cos(to) * Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(half)));
}

function radians(degrees) {
  return (degrees * Math.PI) / 180;
}
