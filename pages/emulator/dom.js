// Making elements. Data only ever becomes text or a checked attribute, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** h("p", {class: "x", onclick: f}, "text", node, [more]) */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else if (name === "css") for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

/** Text of a value that may be a string, a number, or a {content} object. */
export function words(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return words(value.content ?? value.text ?? value.value ?? "");
  return String(value);
}

/** A URL that a person may open in a new tab, or "" when it is of another kind. */
export function openable(url) {
  try {
    const parsed = new URL(words(url), location.href);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}

/** Where the page can load a picture from: an uploaded key or an address of this server. */
export function pictureAddress(source) {
  const text = words(source);
  if (!text) return "";
  if (text.startsWith("data:image/")) return text;
  if (/^https?:\/\//.test(text)) {
    const parsed = new URL(text);
    return parsed.host === location.host ? parsed.pathname + parsed.search : "";
  }
  if (text.startsWith("/")) return text;
  return "/emulator/media/" + text.split("/").map(encodeURIComponent).join("/");
}

/** A picture that opens large, or its words when it cannot be loaded from here. */
export function picture(source, alt = "图片", className = "pic") {
  const address = pictureAddress(source);
  if (!address) return h("span", { class: "nopic" }, `〔${alt || "图片"}：外部地址，演示中不加载〕`);
  const image = h("img", { src: address, alt, loading: "lazy" });
  image.addEventListener("error", () => image.closest("button")?.replaceWith(
    h("span", { class: "nopic" }, `〔${alt || "图片"}：没有这个素材〕`)));
  return h("button", {
    class: className, type: "button", "aria-label": `放大：${alt}`, onclick: () => enlarge(address, alt),
  }, image);
}

function enlarge(address, alt) {
  const dialog = h("dialog", { class: "lightbox", "aria-label": alt, onclick: () => dialog.close() },
    h("img", { src: address, alt }), h("button", { type: "button", autofocus: true }, "关闭"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Ask before a press that asks to be confirmed; resolves to true or false. */
export function confirmed(title, text) {
  return new Promise((resolve) => {
    const answer = (value) => h("button", { type: "submit", value: value ? "yes" : "no", class: value ? "main" : "" },
      value ? "确定" : "取消");
    const dialog = h("dialog", { class: "ask", "aria-label": title || "请确认" },
      h("form", { method: "dialog" }, h("h2", {}, title || "请确认"), text && h("p", {}, text),
        h("menu", {}, answer(false), answer(true))));
    dialog.addEventListener("close", () => { resolve(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A link out, or plain words when the address is not one a browser opens. */
export function link(url, label, className = "link") {
  const address = openable(url);
  if (!address) return h("span", { class: className, title: words(url) }, label);
  return h("a", { class: className, href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
