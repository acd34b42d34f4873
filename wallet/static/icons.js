/** Line drawings, 24 by 24, for tabs, scenes and states. Decoration only: words always stand beside them. */

import { svg } from "./dom.js";

const PATHS = {
  all: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18h2",
  bus: "M5 17V6a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v11zM5 12h14M8 17v3M16 17v3M8.5 14.5h.01M15.5 14.5h.01",
  hospital: "M4 20V8l8-4 8 4v12zM12 9v7M8.5 12.5h7",
  pharmacy: "M5.6 12.9l7.3-7.3a4 4 0 0 1 5.6 5.6l-7.3 7.3a4 4 0 0 1-5.6-5.6zM9.2 9.2l5.6 5.6",
  scenic_spot: "M3 19l6-11 4 7 2.5-4L21 19zM16 6.5h.01M17.5 6.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0",
  venue: "M4 20V9l8-5 8 5v11M9 20v-6h6v6",
  government: "M4 20h16M5 9h14L12 4zM7 10v7M12 10v7M17 10v7",
  code: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18h2",
  cards: "M3 7a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM3 10h18M7 15h4",
  records: "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7",
  privacy: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  home: "M3 11l9-8 9 8M6 9v11h12V9M10 20v-6h4v6",
  messages: "M4 5h16v12H9l-5 4zM8 9h8M8 13h5",
  family: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 20c.5-4 2.5-6 5.5-6s5 2 5.5 6M17 12.500a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600zM16 15c3-.5 5 1.5 5.5 5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  paper: "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z",
  health: "M12 20s-8-5-8-11a4.5 4.5 0 0 1 8-2.800A4.5 4.5 0 0 1 20 9c0 6-8 11-8 11z",
  phone: "M8 2h8a1 1 0 0 1 1 1v18a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zM11 19h2",
  camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  help: "M9 9a3 3 0 1 1 4.5 2.600c-1 .6-1.5 1.2-1.5 2.400M12 17.500h.01M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z",
  call: "M6 3h3l2 5-2.5 2a12 12 0 0 0 5.5 5.500L16 13l5 2v3c0 2-1 3-3 3C10 21 3 14 3 6c0-2 1-3 3-3z",
  speak: "M4 9v6h4l5 4V5L8 9zM17 8.500a5 5 0 0 1 0 7M19.5 6a9 9 0 0 1 0 12",
  more: "M4 7h16M4 12h16M4 17h16",
  back: "M15 5l-7 7 7 7",
  add: "M12 5v14M5 12h14",
  up: "M12 19V5M6 11l6-6 6 6",
  save: "M12 4v11M7 10l5 5 5-5M4 20h16",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  hide: "M3 3l18 18M10 5.200A10 10 0 0 1 12 5c4 0 7 2 10 7a18 18 0 0 1-3 3.800M6.5 7A17 17 0 0 0 2 12c3 5 6 7 10 7a10 10 0 0 0 4.5-1",
  dot: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  dash: "M5 12h14",
  circle: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
  triangle: "M12 4l9 16H3z",
  square: "M5 5h14v14H5z",
  bars: "M4 5v14M7 5v14M11 5v14M13 5v14M17 5v14M20 5v14",
  redraw: "M20 12a8 8 0 1 1-2.3-5.7M20 4v5h-5",
  offline: "M3 3l18 18M5 12a11 11 0 0 1 4-2.6M2 8a16 16 0 0 1 4-2.6M15 9.5a11 11 0 0 1 4 2.5M11 5a16 16 0 0 1 11 3M8.5 15.5a5 5 0 0 1 7 0M12 19h.01",
  warning: "M12 3l10 18H2zM12 10v5M12 18h.01",
  done: "M4 12l5 5L20 6",
  refused: "M5 5l14 14M19 5L5 19",
  undetermined: "M12 21c-4 0-6-3-7-7l-1-3 2-1 2 3V5h2v6-8h2v8-7h2v8-6h2v9c0 4-2 6-4 6z",
};

/** @param {string} name @returns {SVGElement} */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] ?? PATHS.all }));
}
