/** Privacy: one switch per kind of place, and beforehand what such a place will see. */

import { listConsents, setConsent } from "../../core/consents.js";
import { screen } from "../../screen.js";
import { pick, t } from "../../words.js";

Page(screen({
  title: "menu.privacy",
  data: { consents: [] },

  async load() {
    const consents = await listConsents(this.wallet.call);
    this.setData({ consents: consents.map(({ scene, title, given, attributes }) => ({ scene, given, title: pick(title),
      sees: attributes.map((attribute) => pick(attribute.title)).join(t("comma")) })) });
  },

  flip({ currentTarget: { dataset: { scene } } }) {
    return this.attempt(async () => {
      const at = this.data.consents.findIndex((consent) => consent.scene === scene);
      const { given } = await setConsent(this.wallet.call, scene, !this.data.consents[at].given);
      this.setData({ [`consents[${at}].given`]: given });
      // A consent changes what grants may be used for; the old ones are revoked and new ones wait.
      this.wallet.upkeep.now();
    });
  },
}));
