/** What this device was set to: camera, volume, serial speed. Nothing about a person, and nothing secret. */

const NAME = "city-code-scanner-settings";

/** @param {"camera"|"volume"|"serial"|"baud"} name @returns {string|null} what was chosen the last time */
export function recall(name) {
  const known = read()[name];
  return typeof known === "string" ? known : null;
}

/** @param {"camera"|"volume"|"serial"|"baud"} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ ...read(), [name]: value }));
  } catch (error) {
    console.warn("the setting is not remembered", error.name);
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}
