// Formatted text: a string and its MessageEntity objects as DOM nodes.
// Their offsets count UTF-16 code units, as JavaScript's strings do.

import { element } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/** Return the nodes of a formatted text; `onCommand` is called with a /command that was clicked. */
export function formattedText(text, entities = [], onCommand) {
  return nodes(text, entities, 0, text.length, onCommand);
}

function nodes(text, entities, start, end, onCommand) {
  const made = document.createDocumentFragment();
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const entityEnd = Math.min(entity.offset + entity.length, end);
    // Outer entities come first; what follows and begins inside is nested.
    let next = index + 1;
    while (next < entities.length && entities[next].offset < entityEnd) next += 1;
    made.append(text.slice(position, entity.offset));
    const inner = nodes(text, entities.slice(index + 1, next), entity.offset, entityEnd, onCommand);
    made.append(wrap(entity, inner, text.slice(entity.offset, entityEnd), onCommand));
    position = entityEnd;
    index = next;
  }
  made.append(text.slice(position, end));
  return made;
}

function wrap(entity, inner, text, onCommand) {
  switch (entity.type) {
    case "pre":
      return element("pre", { tabIndex: 0 }, element("code", {}, inner));
    case "url":
    case "text_link":
      return link(entity.url ?? text, inner);
    case "bot_command":
      return element("button", {
        type: "button", className: "command", onclick: () => onCommand(text),
      }, inner);
    case "mention":
    case "text_mention":
      return element("span", { className: "mention" }, inner);
    case "spoiler": {
      const spoiler = element("button", {
        type: "button", className: "spoiler", "aria-label": "Hidden text: show it",
        onclick: () => { spoiler.classList.add("is-open"); spoiler.removeAttribute("aria-label"); },
      }, inner);
      return spoiler;
    }
    default:
      return TAGS[entity.type] ? element(TAGS[entity.type], {}, inner) : inner;
  }
}

function link(address, inner) {
  // Other schemes, such as javascript:, stay plain text.
  if (!/^(https?|tg|mailto):/i.test(address)) return inner;
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, inner);
}
