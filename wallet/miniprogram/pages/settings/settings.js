/** Settings of this phone: language, elder mode, size of the text. */

import { setElder, setLanguage, setSize, sizes } from "../../preferences.js";
import { screen } from "../../screen.js";

Page(screen({
  title: "menu.settings",
  data: { sizes: [], languages: [{ language: "zh", name: "中文" }, { language: "en", name: "English" }] },

  tell() {
    this.setData({ sizes: sizes() });
  },

  chooseLanguage({ currentTarget }) {
    setLanguage(currentTarget.dataset.language);
    this.changed();
  },

  chooseStandard() {
    setElder(false);
    this.changed();
  },

  chooseElder() {
    setElder(true);
    this.changed();
  },

  chooseSize({ currentTarget }) {
    setSize(Number(currentTarget.dataset.size));
    this.changed();
  },

  changed() {
    this.dress();
    this.refresh();
  },
}));
