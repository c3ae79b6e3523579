// Follows the session: asks once a second or so for what has changed, and changes only that. Where answers
// take long it asks less often, so that looking never takes more than a fifth of the database's time.
"use strict";

const EVERY_MS = 1000;
const AFTER_FAILURE_MS = 5000;
const WHOLE_EVERY = 15; // an answer without a question whether anything changed: leases run out unwritten

const live = document.getElementById("live");
const button = document.getElementById("follow");
const told = document.getElementById("followed");

let seen = null;
let asked = 0;
let timer = null;

function follows() {
  return button.getAttribute("aria-pressed") === "true" && !document.hidden;
}

function plan(delay) {
  clearTimeout(timer);
  timer = follows() ? setTimeout(ask, delay) : null;
}

async function ask() {
  const headers = { "Orderworks-Follows": "1", Accept: "text/html" };
  const begun = performance.now();
  asked += 1;
  if (seen && asked % WHOLE_EVERY) headers["If-None-Match"] = seen;
  try {
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      location.reload();
      return;
    }
    if (answer.status === 200) {
      seen = answer.headers.get("ETag");
      take(new DOMParser().parseFromString(await answer.text(), "text/html").body);
    } else if (answer.status !== 304) {
      throw new Error(String(answer.status));
    }
    told.textContent = new Date().toLocaleTimeString("en-GB");
    told.classList.remove("lost");
    plan(Math.max(EVERY_MS, 4 * (performance.now() - begun)));
  } catch {
    told.textContent = "no answer, asking again";
    told.classList.add("lost");
    plan(AFTER_FAILURE_MS);
  }
}

// The parts of the page that are no longer what they were.
function take(fresh) {
  const parts = (root) => [...root.querySelectorAll("[data-part]")];
  const names = (root) => parts(root).map((part) => part.dataset.part).join(" ");
  if (names(live) !== names(fresh)) {
    live.replaceChildren(...fresh.childNodes);
    return;
  }
  const old = parts(live);
  parts(fresh).forEach((part, number) => {
    if (part.innerHTML === old[number].innerHTML) return;
    const rows = [old[number].querySelector("tbody"), part.querySelector("tbody")];
    if (rows[0] && rows[1]) takeRows(rows[0], rows[1]);
    else old[number].replaceChildren(...part.childNodes);
  });
}

// Rows by their keys, so that what is focused, selected or scrolled to stays where it is.
function takeRows(body, fresh) {
  const kept = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const wanted = [...fresh.rows].map((row) => {
    const old = kept.get(row.dataset.key);
    if (old && old.innerHTML === row.innerHTML) return old;
    row.classList.add("changed");
    if (!old || !old.contains(document.activeElement)) return row;
    old.querySelectorAll("td").forEach((cell, number) => {
      cell.replaceChildren(...row.querySelectorAll("td")[number].childNodes);
    });
    return old;
  });
  for (const row of [...body.rows]) if (!wanted.includes(row)) row.remove();
  wanted.forEach((row, number) => {
    if (body.rows[number] !== row) body.insertBefore(row, body.rows[number] || null);
  });
}

if (button && live.querySelector("[data-part]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Following" : "Paused";
    plan(0);
  });
  document.addEventListener("visibilitychange", () => plan(0));
  plan(EVERY_MS);
}
