// Inputs inside cards, and reading them back.

import { h } from "./dom.js";

let made = 0;

/** A control with its visible label. */
export function labelled(label, control, required = false) {
  made += 1;
  const id = `field-${made}`;
  control.id = id;
  if (required) control.setAttribute("aria-required", "true");
  return h("div", { class: "field" },
    label && h("label", { for: id }, label, required && h("i", { class: "must", "aria-hidden": "true" }, "*")), control);
}

/** A drop-down; `options` are {value, label} pairs, `hint` stands first when nothing is chosen. */
export function dropDown(options, { chosen = "", hint = "", disabled = false, label = "" } = {}) {
  const known = options.some((option) => option.value === chosen);
  return h("select", { disabled, "aria-label": label || null },
    !known && h("option", { value: "", selected: true }, hint || "请选择"),
    options.map((option) => h("option", { value: option.value, selected: option.value === chosen }, option.label)));
}

/** A group of boxes of which one or several may be ticked; `read()` is comma-joined. */
export function ticks(options, { several = false, disabled = false, label = "" } = {}) {
  made += 1;
  const name = `ticks-${made}`;
  const boxes = options.map((option) => h("input", {
    type: several ? "checkbox" : "radio", name, value: option.value, checked: option.chosen, disabled,
  }));
  const node = h("fieldset", { class: "ticks" }, label && h("legend", {}, label),
    boxes.map((box, i) => h("label", {}, box, h("span", {}, options[i].label))));
  return { node, read: () => boxes.filter((box) => box.checked).map((box) => box.value).join(",") };
}

/** The inputs of one form by name. */
export class Scope {
  #fields = new Map();

  add(name, read, { required = false, label = "" } = {}) {
    if (name) this.#fields.set(name, { read, required, label });
  }

  /** Label of the first required input that is empty, or "". */
  missing() {
    for (const [name, field] of this.#fields) if (field.required && !field.read()) return field.label || name;
    return "";
  }

  values() {
    return Object.fromEntries([...this.#fields].map(([name, field]) => [name, field.read()]));
  }
}
