/** Real-name check: name and ID number, once. */

import { screen } from "../../screen.js";

Page(screen({
  title: "real_name.title",
  place: "/pages/real_name/real_name",

  confirm() {
    return this.attempt(async () => {
      const { account, upkeep } = this.wallet;
      await account.confirmRealName(this.typed.name ?? "", (this.typed.id_number ?? "").toUpperCase());
      this.refresh();
      await upkeep.now();
    });
  },

  signOut() {
    return this.attempt(() => getApp().signOut());
  },
}));
