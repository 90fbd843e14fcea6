// Drawing a digit: strokes of a round pen, dark ink on white paper, sent as a photo.

import { find, makeClosable } from "./dom.js";

const INK = "#14213d";
const PAPER = "#ffffff";
const PEN_WIDTH = 0.055; // of the width of the paper

/** `send(blob)` sends the picture and throws a RefusedError when that is refused. */
export function createDrawing(send) {
  const dialog = find("drawing");
  const canvas = find("canvas");
  const pen = canvas.getContext("2d");
  const undoButton = find("canvas-undo");
  const clearButton = find("canvas-clear");
  const sendButton = find("canvas-send");
  const fault = find("drawing-fault");
  let strokes = [];
  let stroke = null;
  let isSending = false;

  function paint(onPaper) {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (onPaper) {
      pen.fillStyle = PAPER;
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
    for (const points of strokes) paintStroke(points);
    for (const button of [undoButton, clearButton, sendButton]) {
      button.disabled = strokes.length === 0 || isSending;
    }
    find("canvas-hint").hidden = strokes.length > 0;
  }

  /** Draw a smooth line: curves from middle to middle, bent by the points between. */
  function paintStroke(points) {
    pen.strokeStyle = INK;
    pen.lineWidth = PEN_WIDTH * canvas.width;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(points[0].x, points[0].y);
    for (let i = 1; i < points.length - 1; i += 1) {
      const [a, b] = [points[i], points[i + 1]];
      pen.quadraticCurveTo(a.x, a.y, (a.x + b.x) / 2, (a.y + b.y) / 2);
    }
    const last = points.at(-1);
    pen.lineTo(last.x, last.y); // a dot, if it is the only point
    pen.stroke();
  }

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) * (canvas.width / box.width),
      y: (event.clientY - box.top) * (canvas.height / box.height),
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || stroke || isSending) return;
    canvas.setPointerCapture(event.pointerId);
    stroke = { id: event.pointerId, points: [pointOf(event)] };
    strokes.push(stroke.points);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (stroke?.id !== event.pointerId) return;
    // A browser bundles the points of a fast pen.
    const bundled = event.getCoalescedEvents?.() ?? [];
    stroke.points.push(...(bundled.length ? bundled : [event]).map(pointOf));
    paint();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => { if (stroke?.id === event.pointerId) stroke = null; });
  }

  function undo() { strokes.pop(); stroke = null; paint(); }
  function clear() { strokes = []; stroke = null; paint(); }

  async function sendDrawing() {
    isSending = true;
    paint(true);
    try {
      const picture = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
      await send(picture);
      dialog.close();
    } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
    } finally {
      isSending = false;
      paint();
    }
  }

  makeClosable(dialog);
  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);
  sendButton.addEventListener("click", sendDrawing);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo(); }
    if (event.key === "Enter" && event.target === canvas && strokes.length && !isSending) sendDrawing();
  });
  return {
    open() {
      fault.hidden = true;
      clear();
      dialog.showModal();
    },
  };
}
