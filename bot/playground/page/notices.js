// What is said beside the chat: toasts, alerts, the strip under the top bar, and enlarged pictures.

import { element, find, makeClosable } from "./dom.js";

const TOAST_MS = 4000;

for (const id of ["viewer", "alert"]) makeClosable(find(id));
find("viewer").querySelector("img").addEventListener("click", () => find("viewer").close());

export function toast(sentence) {
  const shown = element("p", {}, sentence);
  find("toasts").append(shown);
  setTimeout(() => shown.remove(), TOAST_MS);
}

export function alert(sentence) {
  find("alert-text").textContent = sentence;
  find("alert").showModal();
}

/** Show a sentence under the top bar until it is called with null. */
export function notice(sentence) {
  find("notice").hidden = sentence === null;
  find("notice").textContent = sentence ?? "";
}

export function enlarge(url) {
  const viewer = find("viewer");
  viewer.querySelector("img").src = url;
  viewer.querySelector("a").href = `${url}?download`;
  viewer.showModal();
}
