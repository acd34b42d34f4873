/** Code 128 (ISO/IEC 15417), code set C: an even number of digits as bars. */

/** Widths of bar, space, bar, space, bar, space for the values 0 to 105; ISO/IEC 15417 table 1. */
const WIDTHS = `
  212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
  123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
  232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
  313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224
  111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111
  111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
  114311 411113 411311 113141 114131 311141 411131 211412 211214 211232`.trim().split(/\s+/);
const STOP = "2331112";
const START_C = 105;
const CHECK_MODULUS = 103;
/** Modules of white on either side; the standard asks for ten. */
export const QUIET_ZONE = 10;
const PAIRS = /^(?:[0-9]{2})+$/;

/**
 * @param {string} digits an even number of them
 * @returns {string} "1" for a dark module and "0" for a light one, from start to stop, without quiet zones
 * @throws {RangeError} for anything but pairs of digits
 */
export function modulesOf(digits) {
  if (!PAIRS.test(digits)) throw new RangeError("not pairs of digits");
  const values = digits.match(/../g).map(Number);
  const check = values.reduce((sum, value, at) => sum + (at + 1) * value, START_C) % CHECK_MODULUS;
  const symbols = [START_C, ...values, check].map((value) => WIDTHS[value]);
  return [...symbols, STOP].map(barsOf).join("");
}

/**
 * Draws black on white with quiet zones, every module the same whole number of device pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} digits
 * @param {{room: number, height: number, density: number}} screen CSS pixels available, device pixels per CSS pixel
 * @returns {{width: number, height: number}} CSS pixels, for the caller to lay out
 */
export function drawBars(canvas, digits, { room, height, density }) {
  const modules = modulesOf(digits);
  const whole = modules.length + 2 * QUIET_ZONE;
  const scale = Math.max(1, Math.floor((room * density) / whole));
  canvas.width = whole * scale;
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000000";
  [...modules].forEach((module, at) => {
    if (module === "1") context.fillRect((QUIET_ZONE + at) * scale, 0, scale, canvas.height);
  });
  return { width: canvas.width / density, height: canvas.height / density };
}

function barsOf(widths) {
  return [...widths].map((width, at) => (at % 2 === 0 ? "1" : "0").repeat(Number(width))).join("");
}
