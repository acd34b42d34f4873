/** Keeps the screen lit while a code is on it, where the browser can. */

let held = null;

/** @returns {Promise<void>} resolves also when the browser has no wake lock or refuses it (low battery) */
export async function keepAwake() {
  if (!("wakeLock" in navigator) || document.visibilityState !== "visible" || (held && !held.released)) return;
  try {
    held = await navigator.wakeLock.request("screen");
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** Lets the screen go dark again. */
export async function letSleep() {
  await held?.release();
  held = null;
}
