// What all platforms' messages have in common.

import { h, link, picture, words } from "./dom.js";

/** The inner object of a message: some callers keep {msgtype: …, text: {…}}, some only the inner one. */
export function inner(bubble) {
  const body = bubble.body ?? {};
  const own = body[bubble.kind];
  return own !== null && typeof own === "object" ? own : body;
}

/** A text bubble; `<a href>` becomes a link and everything else stays words. */
export function said(text, nameOf = () => "") {
  const parts = [];
  let from = 0;
  const shape = /<a\b[^>]*\bhref=["']([^"']+)["'][^>]*>(.*?)<\/a>|<at\b[^>]*user_id=["']([^"']+)["'][^>]*>(.*?)<\/at>|(https?:\/\/[^\s，。；）]+)/gs;
  for (const match of text.matchAll(shape)) {
    parts.push(text.slice(from, match.index));
    if (match[1]) parts.push(link(match[1], match[2]));
    else if (match[3]) parts.push(h("span", { class: "mention" }, `@${match[4] || nameOf(match[3]) || match[3]}`));
    else parts.push(link(match[5], match[5]));
    from = match.index + match[0].length;
  }
  return h("div", { class: "said" }, parts, text.slice(from));
}

export const shown = (source, alt) => h("div", { class: "shot" }, picture(source, alt));

/** Words on a card that links elsewhere (textcard, link, news). */
export function leaflet({ title, text, url, label = "查看详情", image }) {
  return h("article", { class: "card" },
    image && picture(image, title || "图片"),
    h("div", { class: "card-body" }, title && h("h3", {}, title), text && h("p", { class: "sub" }, text)),
    url && h("div", { class: "more" }, link(url, label)));
}

/** A kind of message that this page does not draw, as it came. */
export function unknown(bubble) {
  return h("article", { class: "card" }, h("div", { class: "card-body" },
    h("p", { class: "sub" }, `〔${words(bubble.kind)} 消息〕`), h("pre", {}, JSON.stringify(bubble.body, null, 2))));
}
