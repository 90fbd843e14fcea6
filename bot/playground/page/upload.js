// Sending pictures and files: chosen, dropped or pasted, looked at once more, then sent.

import { element, find, makeClosable } from "./dom.js";

/** `send(kind, blob, name, caption)` sends and throws a RefusedError when that is refused. */
export function createUpload(send) {
  const dialog = find("preview");
  const input = find("files");
  const asFile = find("as-file");
  const caption = find("caption");
  const mention = find("mention");
  const sendButton = find("preview-send");
  const fault = find("preview-fault");
  let waiting = [];
  let pictureUrl = null;

  function open(files) {
    if (files.length === 0) return;
    waiting = dialog.open ? [...waiting, ...files] : [...files];
    if (dialog.open) showTitle();
    else { showNext(); dialog.showModal(); focusFirst(); }
  }

  function focusFirst() {
    // On a phone a focused text field brings up the keyboard, over the picture.
    (matchMedia("(hover: hover)").matches ? caption : sendButton).focus();
  }

  function showTitle() {
    const more = waiting.length > 1 ? ` (1 of ${waiting.length})` : "";
    find("preview-title").textContent = `${asFile.checked ? "Send a file" : "Send a photo"}${more}`;
  }

  function showFault(sentence) {
    fault.hidden = !sentence;
    fault.textContent = sentence ?? "";
  }

  function showNext() {
    const [file] = waiting;
    // A browser names a kind only for what it knows; HEIC and the like go as they are.
    const mayBePhoto = /^image\/(jpeg|png|gif|webp|bmp)$/.test(file.type);
    asFile.checked = !mayBePhoto;
    asFile.disabled = !mayBePhoto;
    caption.value = "";
    showFault(null);
    showTitle();
    URL.revokeObjectURL(pictureUrl);
    pictureUrl = URL.createObjectURL(file);
    if (mayBePhoto) {
      find("preview-picture").replaceChildren(
        element("img", { src: pictureUrl, alt: file.name, onerror: () => showName(file) }));
    } else showName(file);
  }

  function showName(file) {
    find("preview-picture").replaceChildren(element("p", {}, element("b", {}, file.name)));
  }

  async function sendFirst() {
    const [file] = waiting;
    sendButton.disabled = true;
    sendButton.textContent = "Sending…";
    try {
      await send(asFile.checked ? "document" : "photo", file, file.name || "photo.png", caption.value.trim());
      if (waiting[0] !== file) return; // closed meanwhile, and perhaps open for another
      waiting.shift();
      if (waiting.length) showNext();
      else dialog.close();
    } catch (error) {
      if (waiting[0] !== file) return;
      showFault(error.message);
      if (error.isBetterAsFile) {
        asFile.checked = true;
        asFile.disabled = true;
        showTitle();
        showName(file); // of a damaged picture, the browser may show the upper part
      }
    } finally {
      sendButton.disabled = false;
      sendButton.textContent = "Send";
    }
  }

  makeClosable(dialog);
  asFile.addEventListener("change", showTitle);
  dialog.addEventListener("close", () => {
    // The event comes a moment after; by then the dialog may be open for another file.
    if (dialog.open) return;
    waiting = [];
    URL.revokeObjectURL(pictureUrl);
  });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sendButton.disabled) sendFirst();
  });
  mention.addEventListener("click", () => {
    if (!caption.value.includes(mention.textContent)) {
      caption.value = `${caption.value} ${mention.textContent}`.trim();
    }
    caption.focus();
  });
  find("attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { open([...input.files]); input.value = ""; });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) { event.preventDefault(); open(files); }
  });
  acceptDrops(open);
  return {
    choose: () => input.click(),
    open,
    setMention(name) { mention.textContent = name; },
  };
}

function acceptDrops(open) {
  const hint = find("drop");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) { depth += 1; hint.hidden = false; }
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event)) { depth -= 1; hint.hidden = depth > 0 ? hint.hidden : true; }
  });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    hint.hidden = true;
    open([...event.dataTransfer.files]);
  });
}
