/** Devices and loss: who this is, which phones can show the code, freezing, signing out. Asks once more on the page itself. */

import { screen } from "../../screen.js";
import { dayAndTime, t } from "../../words.js";

Page(screen({
  title: "menu.devices",
  data: { asking: null, devices: [], name: "", idNumber: "", phone: "" },

  tell() {
    const { account: { me }, device } = this.wallet;
    this.setData({
      name: me.person?.name ?? "", idNumber: me.person?.id_number ?? "", phone: me.phone,
      devices: me.devices.map(({ id, name, enrolled_at: at }) => ({ id, name, here: id === device.id, since: t("me.since", { time: dayAndTime(at) }) })),
    });
  },

  askFreeze() {
    this.ask("freeze", "", async () => {
      await this.wallet.freeze();
      wx.reLaunch({ url: "/pages/code/code" });
    });
  },

  askRemoval({ currentTarget: { dataset: { id, name } } }) {
    this.ask("device", name, async () => {
      const here = id === this.wallet.device.id;
      await this.wallet.removeDevice(id);
      this.leave();
      if (here) wx.reLaunch({ url: "/pages/code/code" });
    });
  },

  ask(what, name, act) {
    this.act = act;
    this.setData({ problem: "", asking: { title: t(`confirm.${what}.title`, { name }), effect: t(`confirm.${what}.effect`), yes: t(`confirm.${what}.yes`) } });
  },

  confirm() {
    return this.attempt(() => this.act());
  },

  leave() {
    this.setData({ asking: null, problem: "" });
  },

  signOut() {
    return this.attempt(() => getApp().signOut());
  },
}));
