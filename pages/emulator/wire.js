// The wire panel: every exchange between Momentum and the platforms, newest first.

import { h } from "./dom.js";
import { second } from "./time.js";

const KEEP = 400;
const NAMES = { wecom: "企微", feishu: "飞书", dingtalk: "钉钉" };
const WAYS = { in: "收到回调", out: "调用接口" };

export class Wire {
  #shown = new Map(); // id → row
  #cleared = 0; // exchanges up to this id were cleared away
  #newest = 0;

  constructor() {
    this.list = h("ol", { class: "exchanges" });
    this.empty = h("div", { class: "empty" }, h("p", {}, "还没有报文"), h("p", { class: "hint" }, "发一条消息，就能看到动能与平台之间的每一次往来。"));
    const filters = [["", "全部"], ...Object.entries(NAMES)].map(([value, label]) =>
      h("button", { type: "button", "aria-pressed": String(value === ""), "data-filter": value, onclick: (event) => this.#filter(event.currentTarget) }, label));
    this.filters = h("div", { class: "filters", role: "group", "aria-label": "按平台筛选" }, filters);
    this.root = h("section", { class: "wire", "aria-label": "线上报文" },
      h("header", {}, h("div", {}, h("h2", {}, "线上报文"), h("p", {}, "回调已解密，密钥已隐去")),
        h("button", { type: "button", class: "clear", onclick: () => this.#clear() }, "清空")),
      this.filters, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "报文列表" }, this.empty, this.list));
    this.#note();
  }

  reset(exchanges) {
    this.#shown.clear();
    this.list.replaceChildren();
    exchanges.forEach((exchange) => this.add(exchange, false));
    this.#note();
  }

  add(exchange, isNew = true) {
    this.#newest = Math.max(this.#newest, exchange.id);
    if (exchange.id <= this.#cleared) return;
    const row = line(exchange);
    if (isNew) row.classList.add("new");
    const known = this.#shown.get(exchange.id);
    this.#shown.set(exchange.id, row);
    if (known) known.replaceWith(row);
    else this.list.prepend(row);
    if (this.#shown.size > KEEP) {
      const [id, oldest] = this.#shown.entries().next().value;
      this.#shown.delete(id);
      oldest.remove();
    }
    this.#note();
  }

  #filter(button) {
    for (const one of this.filters.children) one.setAttribute("aria-pressed", String(one === button));
    this.list.dataset.only = button.dataset.filter;
    this.#note();
  }

  #clear() {
    this.#cleared = this.#newest;
    this.reset([]);
  }

  #note() {
    const only = this.list.dataset.only;
    this.empty.hidden = [...this.#shown.values()].some((row) => !only || row.dataset.platform === only);
  }
}

/** Platforms answer most refusals with HTTP 200 and a code. */
function refused({ status, response }) {
  const code = response?.errcode ?? response?.code ?? 0;
  return status >= 400 || status === 0 || (code !== 0 && code !== "0");
}

// An access token lives two hours: that one was refused after a leap in time is no fault, the next call has a new one.
const OLD_TOKEN = new Set(["42001", "40014", "99991663", "InvalidAuthentication"]);

function outlived({ direction, response }) {
  return direction === "out" && OLD_TOKEN.has(String(response?.errcode ?? response?.code ?? ""));
}

/** How an exchange ended, as a class and in words. */
function ending(exchange) {
  if (outlived(exchange)) return ["old", "令牌过期，已自动刷新"];
  return [refused(exchange) ? "bad" : "good", exchange.status || "断开"];
}

function line(exchange) {
  const [end, word] = ending(exchange);
  const details = h("details", {}, h("summary", {},
    h("time", { datetime: exchange.at }, second(exchange.at)),
    h("span", { class: `tag ${exchange.platform}` }, NAMES[exchange.platform] ?? exchange.platform),
    h("span", { class: `way ${exchange.direction}` }, WAYS[exchange.direction] ?? exchange.direction),
    h("code", { class: "path", title: exchange.path }, exchange.path),
    h("span", { class: `code ${end}` }, word),
    h("span", { class: "ms" }, `${Number(exchange.ms).toFixed(exchange.ms < 10 ? 1 : 0)} ms`)));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(opened(exchange));
  });
  return h("li", { "data-platform": exchange.platform, "data-id": exchange.id, class: end === "bad" ? "bad" : "" }, details);
}

function opened({ method, path, note, user, request, response }) {
  return h("div", { class: "opened" }, h("p", { class: "full" }, h("b", {}, method), ` ${path}`),
    (note || user) && h("p", { class: "hint" }, [user && `账号 ${user}`, note].filter(Boolean).join(" · ")),
    h("h3", {}, "请求"), pretty(request), h("h3", {}, "响应"), pretty(response));
}

function pretty(value) {
  if (value === null || value === undefined || value === "") return h("p", { class: "hint" }, "（空）");
  if (typeof value !== "string") return h("pre", { tabindex: 0 }, inked(JSON.stringify(value, null, 2)));
  if (value.trimStart().startsWith("<")) return h("pre", { tabindex: 0 }, indented(value));
  try {
    return h("pre", { tabindex: 0 }, inked(JSON.stringify(JSON.parse(value), null, 2)));
  } catch {
    return h("pre", { tabindex: 0 }, value);
  }
}

/** JSON with keys, words and numbers told apart. */
function inked(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi)) {
    parts.push(text.slice(from, match.index), h("span", { class: match[2] ? "k" : match[1] ? "w" : "n" }, match[1] ?? match[0]), match[2] ?? "");
    from = match.index + match[0].length;
  }
  return [parts, text.slice(from)];
}

/** XML one element a line; what is no XML stays as it is. */
function indented(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  if (parsed.querySelector("parsererror")) return text;
  const lines = (node, depth) => {
    const pad = "  ".repeat(depth);
    if (!node.children.length) return [`${pad}<${node.tagName}>${node.textContent}</${node.tagName}>`];
    return [`${pad}<${node.tagName}>`, ...[...node.children].flatMap((child) => lines(child, depth + 1)), `${pad}</${node.tagName}>`];
  };
  return lines(parsed.documentElement, 0).join("\n");
}
