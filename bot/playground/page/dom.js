// Making elements. Text only ever becomes text nodes: nothing a person or the bot wrote is markup.

export const find = (id) => document.getElementById(id);

/** Make an element with properties (or attributes, where there is no property) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make a line icon from the path of a 24 x 24 drawing. */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Let the close buttons of a dialog, and a click beside it, close it. */
export function makeClosable(dialog) {
  for (const button of dialog.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => dialog.close());
  }
  let startedOutside = false;
  dialog.addEventListener("pointerdown", (event) => { startedOutside = event.target === dialog; });
  dialog.addEventListener("click", (event) => {
    if (startedOutside && event.target === dialog) dialog.close();
  });
}
