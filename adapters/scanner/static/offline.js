/** Lets this page start without network, and asks the browser not to throw away what the page has kept. */

/** The service worker's. */
const CACHE = "city-code-scanner";

/** @returns {Promise<void>} resolves also where service workers are missing or denied: the page then needs the network to start */
export async function keepForOffline() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/scanner/service-worker.js", { scope: "/scanner/" });
    // This page was fetched before the worker listened.
    await (await caches.open(CACHE)).add(location.pathname);
  } catch (error) {
    console.warn("this page is not kept", error.name);
  }
}

/** @returns {Promise<boolean>} whether the browser has promised to keep scans that wait, also when its disk is full */
export async function askToPersist() {
  try {
    return await navigator.storage.persist();
  } catch (error) {
    console.warn("not asked to persist", error.name);
    return false;
  }
}
