/** Help: short answers that need no network, and the city's help line. */

import { screen } from "../../screen.js";
import { t } from "../../words.js";

const QUESTIONS = ["show", "refused", "screenshot", "clock", "offline", "lost", "family", "paper", "privacy", "kept", "people"];

Page(screen({
  title: "menu.help",
  data: { answers: [] },

  tell() {
    this.setData({
      answers: QUESTIONS.map((name) => ({ question: t(`help.${name}`), lines: t(`help.${name}.answer`).split("\n") })),
    });
  },

  dial() {
    wx.makePhoneCall({ phoneNumber: t("help.number") });
  },
}));
