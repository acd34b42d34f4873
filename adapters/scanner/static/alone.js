/** One page at a time is a terminal: two would give one number to two scans. */

/**
 * Waits until this page alone works for a terminal, and keeps that for as long as the page lives.
 *
 * @param {string} terminal
 * @param {() => void} onWait another page of this browser does; this one goes on when that is closed
 * @returns {Promise<void>}
 */
export async function alone(terminal, onWait) {
  const name = `city-code-scanner ${terminal}`;
  const forever = () => new Promise(() => {});
  const taken = (options) => new Promise((resolve) => {
    navigator.locks.request(name, options, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : forever();
    });
  });
  if (await taken({ ifAvailable: true })) return;
  onWait();
  await taken({});
}

/** Tells other pages that a terminal was enrolled anew: their key is not the terminal's any more. @param {string} scene */
export function tellEnrolled(scene) {
  channel().postMessage(scene);
}

/** @param {string} scene @param {() => void} onEnrolled */
export function whenEnrolled(scene, onEnrolled) {
  channel().addEventListener("message", ({ data }) => data === scene && onEnrolled());
}

function channel() {
  return new BroadcastChannel("city-code-terminals");
}
