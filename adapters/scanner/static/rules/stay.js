/** What a stay costs by its time, as `codeservice/stay.py` has it. Money in fen. */

const DAY = 24 * 3600;

/** @param {object} stay of a policy @param {number} seconds @returns {number} each 24 hours by themselves, capped by themselves */
export function stayCents(stay, seconds) {
  const days = Math.floor(Math.max(0, seconds) / DAY);
  const rest = Math.max(0, seconds) % DAY;
  // The free minutes are at the beginning of a stay, not of each of its days.
  const first = unitsCents(stay, Math.min(seconds, DAY), stay.free_minutes);
  return days === 0 ? first : first + (days - 1) * unitsCents(stay, DAY) + unitsCents(stay, rest);
}

function unitsCents({ unit_minutes: minutes, unit_cents: each, day_cents: most }, seconds, free = 0) {
  if (seconds <= free * 60) return 0;
  const cents = Math.ceil((seconds - free * 60) / (minutes * 60)) * each;
  return most === null ? cents : Math.min(cents, most);
}
