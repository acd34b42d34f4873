/** Registers the service worker that lets the wallet open without network. */

/** @returns {Promise<void>} resolves also where service workers are missing or denied */
export async function keepForOffline() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/wallet/service-worker.js", { scope: "/wallet/" });
  } catch (error) {
    // Private windows and strict settings refuse; the wallet then needs the network to open, not to show.
    console.warn("no service worker", error.name);
  }
}
