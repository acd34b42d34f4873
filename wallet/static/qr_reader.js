/** Finds a QR code in a picture or a camera frame, with the local WebAssembly reader. */

import { prepareZXingModule, readBarcodes } from "/wallet/lib/zxing_reader.js";

const WASM = "/wallet/lib/zxing_reader.wasm";
const OPTIONS = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };

let ready = null;

/** Loads the reader before the first person comes. @returns {Promise<unknown>} */
export function prepareReader() {
  ready ??= prepareZXingModule({ overrides: { locateFile: (path,
    prefix) => (path.endsWith(".wasm") ? WASM : prefix + path) },
    fireImmediately: true }).catch((error) => {
    // The network may be back the next time.
    ready = null;
    throw error;
  });
  return ready;
}

/** @param {ImageData|Blob} picture @returns {Promise<string|null>} text of the first QR code */
export async function readQr(picture) {
  // Unprepared, the library would look for its other half on a stranger's server.
  await prepareReader();
  const [found] = await readBarcodes(picture, OPTIONS);
  return found?.isValid ? found.text : null;
}
