// One phone: whose it is, what they see, and what they type and press.

import { post } from "./api.js";
import { h } from "./dom.js";
import { clock, day } from "./time.js";

const GAP_MS = 5 * 60 * 1000; // a time stamp stands above a message that comes this much later
const KINDS = { image: "图片", file: "文件", voice: "语音" };
const NEAR_PX = 80; // this near to the end counts as reading the newest

export class Phone {
  #desk;
  #seen = new Map(); // user → unread messages
  #rows = new Map(); // bubble id → row
  #following = true;
  #top = 0;
  #user = "";

  /** `make`: {platform, name, role, mark, chips, prefer, render}; `desk` has residents and bubbles. */
  constructor(make, desk, { onUnread }) {
    Object.assign(this, make);
    this.#desk = desk;
    this.onUnread = onUnread;
    this.root = this.#build();
  }

  get user() { return this.#user; }
  get unread() { return [...this.#seen.values()].reduce((sum, count) => sum + count, 0); }

  #build() {
    this.select = h("select", { id: `person-${this.platform}`, onchange: () => this.choose(this.select.value) });
    this.badge = h("span", { class: "badge", hidden: true });
    this.list = h("div", { class: "list" });
    this.messages = h("div", {
      class: "messages", role: "log", tabindex: 0, "aria-label": `${this.name}消息`, onscroll: () => this.#scrolled(),
    }, this.list);
    this.newer = h("button", { type: "button", class: "newer", hidden: true, onclick: () => this.#follow() }, "有新消息 ↓");
    this.toastBox = h("div", { class: "toast", role: "status", "aria-live": "polite" });
    this.clock = h("time", {});
    this.input = h("input", { type: "text", autocomplete: "off", maxlength: 4000, placeholder: "发消息给动能…", "aria-label": `在${this.name}里发消息` });
    new ResizeObserver(() => this.#following && this.#toEnd()).observe(this.list);
    return h("section", { class: `phone ${this.platform}`, "data-platform": this.platform, "aria-label": `${this.name}手机` },
      h("div", { class: "owner" }, h("span", { class: "mark", "aria-hidden": "true" }, this.mark),
        h("div", { class: "names" }, h("h2", {}, this.name), h("p", {}, this.role)),
        h("div", { class: "person" }, h("label", { class: "unseen", for: `person-${this.platform}` }, `${this.name}：换一个人`), this.select, this.badge)),
      h("div", { class: "device" },
        h("div", { class: "status", "aria-hidden": "true" }, this.clock, h("span", { class: "signal" })),
        h("div", { class: "bar" }, h("span", { class: "back", "aria-hidden": "true" }, "‹"), h("strong", {}, "动能"), h("span", { class: "bot" }, "机器人")),
        h("div", { class: "screen" }, this.messages, this.newer, this.toastBox),
        h("div", { class: "chips", role: "group", "aria-label": "快捷指令" }, this.chips.map((text) =>
          h("button", { type: "button", title: text, onclick: () => this.#fill(text) }, text))),
        h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.#say(); } },
          this.#more(), this.input, h("button", { type: "submit" }, "发送"))));
  }

  /** What else than words can be sent; the content is ready-made. */
  #more() {
    const box = h("details", { class: "more-kinds" }, h("summary", { "aria-label": `在${this.name}里发图片、文件或语音` }, "＋"),
      h("div", {}, Object.entries(KINDS).map(([kind, label]) =>
        h("button", { type: "button", onclick: () => { box.open = false; this.#send(kind); } }, label))));
    return box;
  }

  async #send(kind) {
    if (!this.#user) return;
    try {
      await post("send", { platform: this.platform, user: this.#user, kind });
    } catch (fault) {
      this.toast(fault.message, true);
    }
  }

  /** Everything anew: after opening the page, and after something was missed. */
  reset() {
    const people = this.#people();
    if (!people.some((person) => person.user === this.#user)) {
      const kept = sessionStorage.getItem(`person-${this.platform}`);
      const first = people.find((person) => person.user === kept) ?? people.find((person) => this.prefer.test(person.title)) ?? people[0];
      this.#user = first?.user ?? "";
    }
    for (const bubble of this.#desk.bubbles.values()) {
      if (bubble.platform === this.platform && !this.#seen.has(bubble.user)) this.#seen.set(bubble.user, this.#count(bubble.user));
    }
    this.choose(this.#user);
  }

  #people() { return this.#desk.residents.filter((person) => person.platform === this.platform); }
  #count(user) {
    return [...this.#desk.bubbles.values()].filter((b) => b.platform === this.platform && b.user === user && !b.mine).length;
  }

  choose(user) {
    this.#user = user;
    sessionStorage.setItem(`person-${this.platform}`, user);
    this.#rows.clear();
    this.list.replaceChildren();
    for (const bubble of this.#desk.bubbles.values()) if (this.#isMine(bubble)) this.#append(bubble);
    if (!this.#rows.size) this.list.append(this.#empty());
    this.input.disabled = !user;
    this.look();
  }

  /** The chosen person looks at the newest. */
  look() {
    this.#follow();
    if (this.#visible()) this.#seen.set(this.#user, 0);
    this.#tally();
  }

  #empty() {
    return h("div", { class: "empty" }, h("span", { class: "mark", "aria-hidden": "true" }, this.mark),
      h("p", {}, this.#user ? "还没有消息" : "这个平台上还没有人"),
      this.#user && h("p", { class: "hint" }, "点下面的快捷指令，或直接输入，与动能对话。"));
  }

  #isMine(bubble) { return bubble.platform === this.platform && bubble.user === this.#user; }

  /** A new or changed bubble of anybody on this platform. */
  bubble(bubble, isNew) {
    if (isNew && !bubble.mine && !(this.#isMine(bubble) && this.#visible())) {
      this.#seen.set(bubble.user, (this.#seen.get(bubble.user) ?? 0) + 1);
      this.#tally();
    }
    if (!this.#isMine(bubble)) return;
    const row = this.#rows.get(bubble.id);
    if (row) this.#change(row, bubble);
    else {
      if (!this.#rows.size) this.list.replaceChildren();
      this.#append(bubble).classList.add("new");
      if (bubble.mine) this.#follow();
      else if (!this.#following) this.newer.hidden = false;
    }
  }

  #visible() { return this.root.offsetParent !== null; }

  #tally() {
    this.select.replaceChildren(...this.#people().map((person) => {
      const count = person.user === this.#user ? 0 : this.#seen.get(person.user) ?? 0;
      return h("option", { value: person.user, selected: person.user === this.#user },
        `${person.name} · ${person.title}${count ? `（${count} 条未读）` : ""}`);
    }));
    const others = [...this.#seen].reduce((sum, [user, count]) => sum + (user === this.#user ? 0 : count), 0);
    this.badge.hidden = others === 0;
    this.badge.textContent = others > 99 ? "99+" : String(others);
    this.badge.title = `其他人有 ${others} 条未读`;
    this.badge.setAttribute("aria-label", this.badge.title);
    this.onUnread();
  }

  #append(bubble) {
    const last = [...this.#rows.values()].at(-1);
    if (!last || new Date(bubble.at) - new Date(last.dataset.at) > GAP_MS) {
      this.list.append(h("div", { class: "stamp" }, h("time", { datetime: bubble.at }, `${day(bubble.at)} ${clock(bubble.at)}`)));
    }
    const row = this.#row(bubble);
    this.#rows.set(bubble.id, row);
    this.list.append(row);
    return row;
  }

  #row(bubble) {
    const person = this.#people().find((one) => one.user === bubble.user);
    const face = bubble.mine ? (person?.name ?? "我").slice(-2) : "动能";
    return h("div", {
      class: `row ${bubble.mine ? "mine" : "theirs"}`, "data-id": bubble.id, "data-version": bubble.version,
      "data-at": bubble.at, "data-kind": bubble.kind, "data-greyed": bubble.greyed, tabindex: -1, title: `${day(bubble.at)} ${clock(bubble.at)}`,
    }, h("span", { class: "face", "aria-hidden": "true" }, face), h("div", { class: "content" }, this.#drawn(bubble)));
  }

  #drawn(bubble) {
    const people = this.#people();
    try {
      return this.render(bubble, {
        residents: people,
        nameOf: (id) => people.find((person) => person.user === id)?.name ?? id ?? "",
        toast: (text) => this.toast(text),
        press: (button, form, element) => this.#press(bubble, button, form, element),
      });
    } catch (fault) {
      console.error("cannot draw", bubble, fault);
      return h("p", { class: "said bad" }, "这条消息画不出来，原文见线上报文。");
    }
  }

  #change(row, bubble) {
    // A toast is told on the bubble too: what a person has filled in must outlive it.
    if (row.dataset.version === String(bubble.version) && row.dataset.greyed === bubble.greyed) return;
    const held = row.contains(document.activeElement);
    const changed = this.#row(bubble);
    if (Number(row.dataset.version) < bubble.version) {
      changed.classList.add("changed");
      changed.addEventListener("animationend", () => changed.classList.remove("changed"), { once: true });
    }
    this.#rows.set(bubble.id, changed);
    row.replaceWith(changed);
    if (held) changed.focus({ preventScroll: true });
  }

  async #press(bubble, button, form, element) {
    element?.setAttribute("aria-busy", "true");
    if (element && "disabled" in element) element.disabled = true;
    try {
      const { toast } = await post("press", { platform: this.platform, user: bubble.user, bubble: bubble.id, button, form });
      if (toast) this.toast(toast);
    } catch (fault) {
      this.toast(fault.message, true);
    } finally {
      element?.removeAttribute("aria-busy");
      if (element && "disabled" in element) element.disabled = false;
    }
  }

  #fill(text) {
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
  }

  async #say() {
    const text = this.input.value.trim();
    if (!text || !this.#user) return;
    this.input.value = "";
    try {
      await post("say", { platform: this.platform, user: this.#user, text });
    } catch (fault) {
      if (!this.input.value) this.input.value = text;
      this.toast(fault.message, true);
    }
  }

  toast(text, bad = false) {
    const note = h("p", { class: bad ? "bad" : "" }, text);
    this.toastBox.replaceChildren(note);
    setTimeout(() => note.remove(), 4000);
  }

  tell(now) { this.clock.textContent = clock(now); }

  #scrolled() {
    const box = this.messages;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    // Only who goes up stops following: a picture that comes late makes the list longer, too.
    if (near || box.scrollTop < this.#top) this.#following = near;
    this.#top = box.scrollTop;
    if (this.#following) this.newer.hidden = true;
  }

  #follow() {
    this.#following = true;
    this.newer.hidden = true;
    this.#toEnd();
  }

  #toEnd() { this.messages.scrollTop = this.messages.scrollHeight; }
}
