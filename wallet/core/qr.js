/** Draws a code on a canvas: error correction L, four modules of quiet zone, black on white, whole device pixels. */

import encodeQR from "../lib/qr.js";
import { utf8 } from "./utf8.js";

const QUIET_ZONE = 4;
const NUMERIC = /^[0-9]+$/;
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]+$/;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} text digits, or a guide and digits
 * @param {{room: number, density: number}} screen CSS pixels available, device pixels per CSS pixel
 * @returns {{width: number, height: number}} CSS pixels, for the caller to lay out
 */
export function drawQr(canvas, text, { room, density }) {
  const rows = encodeQR(text, "raw", { ecc: "low", encoding: encodingOf(text), border: QUIET_ZONE,
    textEncoder: utf8 });
  const modules = rows.length;
  // A fractional module would be blurred by the browser, and a code wider than its room would lose its quiet zone.
  const scale = Math.max(1, Math.floor((room * density) / modules));
  canvas.width = modules * scale;
  canvas.height = modules * scale;
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000000";
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) context.fillRect(x * scale, y * scale, scale, scale);
  }));
  return { width: canvas.width / density, height: canvas.height / density };
}

/** @param {HTMLCanvasElement} canvas */
export function clearQr(canvas) {
  canvas.width = 1;
  canvas.height = 1;
}

function encodingOf(text) {
  if (NUMERIC.test(text)) return "numeric";
  return ALPHANUMERIC.test(text) ? "alphanumeric" : "byte";
}
