// Moments in the shop's own zone.

const ZONE = "Asia/Shanghai";
const format = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hourCycle: "h23", ...options });

const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const SECOND = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = format({ month: "long", day: "numeric", weekday: "short" });
const FULL = format({ year: "numeric", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit" });

const shown = (shape) => (value) => {
  const moment = new Date(value);
  return Number.isNaN(moment.getTime()) ? "" : shape.format(moment);
};

export const clock = shown(CLOCK);
export const second = shown(SECOND);
export const day = shown(DAY);
export const full = shown(FULL);
