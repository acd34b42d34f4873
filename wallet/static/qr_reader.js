/** Finds a QR code in a picture or a camera frame, with the local WebAssembly reader. */

const WASM = "/wallet/lib/zxing_reader.wasm";
const OPTIONS = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };

let ready = null;

/** Loads the reader before the first person comes. @returns {Promise<Function>} reads a picture */
export function prepareReader() {
  ready ??= load().catch((error) => {
    // The network may be back the next time.
    ready = null;
    throw error;
  });
  return ready;
}

/** @param {ImageData|Blob} picture @returns {Promise<string|null>} text of the first QR code */
export async function readQr(picture) {
  const readBarcodes = await prepareReader();
  const [found] = await readBarcodes(picture, OPTIONS);
  return found?.isValid ? found.text : null;
}

async function load() {
  // Large, and of no use to whoever never opens the camera.
  const { prepareZXingModule, readBarcodes } = await import("../lib/zxing_reader.js");
  // Unprepared, the library would look for its other half on a stranger's server.
  const locateFile = (path, prefix) => (path.endsWith(".wasm") ? WASM : prefix + path);
  await prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
  return readBarcodes;
}
