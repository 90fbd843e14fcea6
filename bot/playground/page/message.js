// One message as a list item: quote, picture or file, text, time, buttons.

import { fileUrl } from "./api.js";
import { element, icon } from "./dom.js";
import { formattedText } from "./text.js";

const FILE_ICON = "M13 4H7.500A1.500 1.500 0 0 0 6 5.500v13A1.500 1.500 0 0 0 7.500 20h9a1.500 1.500 0 0 0 1.500-1.500V9zm0 0v5h5";
const REPLY_ICON = "M10 8 5 13l5 5M5 13h9c3 0 5 2 5 5";
const SHOWN_PICTURES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"]);
const MOST_WIDTH_PX = 400;
const MOST_HEIGHT_PX = 300;
const CAPTION_WIDTH_PX = 250; // a caption needs some room, also under a small picture

/** Say in one line what a message is, for quotes. */
export function summary(message) {
  if (message.text) return message.text;
  if (message.caption) return message.caption;
  if (message.photo) return "Photo";
  return message.document?.file_name ?? "Message";
}

/** Make the list item. `actions`: isMine(message), command(text), enlarge(url), press(message, button, element), reply(message), show(id). */
export function renderMessage(message, actions) {
  const text = message.text ?? message.caption;
  const when = timeOf(message);
  if (message.photo && !text) when.classList.add("on-picture");
  const from = actions.isMine(message) ? "me" : message.from.is_bot ? "bot" : "other";
  const bubble = element("div", { className: "bubble" },
    message.chat.type !== "private" && from !== "me"
      ? element("b", { className: "sender" }, message.from.first_name) : null,
    message.reply_to_message ? quote(message.reply_to_message, actions) : null,
    message.photo ? picture(message.photo, actions) : null,
    message.document ? file(message.document, actions) : null,
    text ? element("div", { className: "text" },
      formattedText(text, message.entities ?? message.caption_entities, actions.command), when) : when,
  );
  if (message.photo) {
    bubble.style.width = `${Math.max(shownWidth(message.photo), text ? CAPTION_WIDTH_PX : 110)}px`;
  }
  if (!text && !message.photo && !message.document) bubble.prepend(unknownKind());
  return element("li", {
    className: "message", tabIndex: -1, "data-message-id": message.message_id,
    "data-from": from, "data-testid": "message",
  },
  element("div", { className: "body" }, bubble,
    message.reply_markup ? keyboard(message, actions) : null),
  element("button", {
    type: "button", className: "icon-button reply-button", title: "Reply",
    "aria-label": "Reply to this message", "data-testid": "reply",
    onclick: () => actions.reply(message),
  }, icon(REPLY_ICON)));
}

function timeOf(message) {
  const date = new Date(message.date * 1000);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const edited = message.edit_date ? "edited " : "";
  return element("time", { className: "when", dateTime: date.toISOString(), title: date.toLocaleString() },
    edited + time);
}

function quote(message, actions) {
  return element("button", {
    type: "button", className: "quote", onclick: () => actions.show(message.message_id),
  }, element("b", {}, message.from.first_name), element("span", {}, summary(message)));
}

/** Return how wide a picture is on a wide page; the bubble around it is just as wide. */
function shownWidth(sizes) {
  const { width, height } = sizes.at(-1);
  return Math.round(width * Math.min(1, MOST_WIDTH_PX / width, MOST_HEIGHT_PX / height));
}

function picture(sizes, actions) {
  const largest = sizes.at(-1);
  const url = fileUrl(largest.file_id);
  const image = element("img", {
    src: url, alt: "Photo", width: largest.width, height: largest.height, draggable: false,
  });
  image.style.maxWidth = `${shownWidth(sizes)}px`;
  return element("button", {
    type: "button", className: "picture", "aria-label": "Enlarge the photo",
    onclick: () => actions.enlarge(url),
  }, image);
}

function file(document, actions) {
  const url = fileUrl(document.file_id);
  const about = element("span", {}, element("b", {}, document.file_name ?? "File"),
    element("small", {}, sizeOf(document.file_size ?? 0)));
  const thumbnail = document.thumbnail
    ? element("img", { className: "file-picture", src: fileUrl(document.thumbnail.file_id), alt: "" })
    : element("span", { className: "file-icon" }, icon(FILE_ICON));
  if (SHOWN_PICTURES.has(document.mime_type)) {
    return element("button", {
      type: "button", className: "file", onclick: () => actions.enlarge(url),
    }, thumbnail, about);
  }
  return element("a", { className: "file", href: `${url}?download`, download: document.file_name },
    thumbnail, about);
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function unknownKind() {
  return element("div", { className: "text" }, element("em", {}, "This kind of message is not shown here."));
}

function keyboard(message, actions) {
  const rows = message.reply_markup.inline_keyboard.map((row) =>
    element("div", {}, ...row.map((button) => inlineButton(message, button, actions))));
  return element("div", { className: "keyboard", "data-testid": "keyboard" }, ...rows);
}

function inlineButton(message, button, actions) {
  if (button.url) {
    const address = /^(https?|tg):/i.test(button.url) ? button.url : "about:blank";
    return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, button.text);
  }
  const made = element("button", {
    type: "button", "data-testid": "inline-button", "data-callback": button.callback_data,
    onclick: () => actions.press(message, button, made),
  }, button.text);
  return made;
}
