// The page's conversation with the emulator.

async function answered(path, options) {
  let response;
  try {
    response = await fetch(`/emulator/api/${path}`, options);
  } catch {
    throw new Error("连不上演示服务");
  }
  let body = {};
  try {
    body = await response.json();
  } catch {
    // an answer without JSON is told by its status below
  }
  if (!response.ok) throw new Error(body.error || `演示服务答复 ${response.status}`);
  return body;
}

export const state = () => answered("state");

export const gallery = () => answered("gallery");

export const post = (path, body) => answered(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * Follow the feed. `replace(state)` gets the whole state at the start and whenever something may
 * have been missed; `apply(kind, data)` gets each event after it; `online(bool)` the connection.
 */
export function follow({ replace, apply, online }) {
  const feed = new EventSource("/emulator/api/feed");
  let early = null; // events that came while the state was being fetched

  async function resync() {
    if (early) return;
    early = [];
    try {
      replace(await state());
      early.forEach(([kind, data]) => apply(kind, data));
      early = null;
      online(true);
    } catch {
      early = null;
      online(false);
      setTimeout(resync, 2000);
    }
  }

  feed.addEventListener("open", resync);
  feed.addEventListener("error", () => online(false));
  feed.addEventListener("resync", resync);
  for (const kind of ["bubble", "exchange", "time"]) {
    feed.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      if (early) early.push([kind, data]);
      else apply(kind, data);
    });
  }
}
