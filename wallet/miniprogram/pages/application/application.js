/** Exactly what a hall would get, before the holder says yes. */

import { closeApplication, consentToApplication, previewApplication } from "../../core/errands.js";
import { screen } from "../../screen.js";
import { pick, t } from "../../words.js";

Page(screen({
  title: "errands.preview",
  data: { heading: "", minutes: "", fields: [] },

  async load() {
    this.preview = await previewApplication(this.wallet.call, this.query.application);
    const { hall, purpose, minutes, fields } = this.preview;
    this.setData({ heading: hall + t("colon") + pick(purpose), minutes: t("errands.minutes", { minutes }),
      fields: fields.map(({ name, title, value }) => ({ name, title: pick(title), value: value ?? t("errands.by_hand") })) });
  },

  accept() {
    return this.attempt(async () => {
      await consentToApplication(this.wallet.call, this.preview);
      wx.navigateBack();
    });
  },

  decline() {
    return this.attempt(async () => {
      await closeApplication(this.wallet.call, this.query.application, "refused");
      wx.navigateBack();
    });
  },
}));
