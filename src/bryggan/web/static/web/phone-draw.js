// A square to draw in with finger, pen or mouse. Strokes are kept as whole numbers in a field of the form: never a picture.
const SIDE = 1000;
const MOST_STROKES = 150;
const MOST_POINTS = 4000;
// Nearer than this to the last point is no new point: it keeps a drawing small on a slow network.
const STEP = 6;

export function drawOn(canvas, field, changed) {
  const pen = canvas.getContext("2d");
  let strokes = [];
  let current = null;

  const points = () => strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0);

  function line(stroke) {
    pen.beginPath();
    pen.moveTo(stroke[0], stroke[1]);
    for (let at = 0; at < stroke.length; at += 2) pen.lineTo(stroke[at], stroke[at + 1]);
    pen.stroke();
  }

  function paint() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.strokeStyle = "#12263a";
    pen.lineWidth = 9;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of strokes) line(stroke);
  }

  function store() {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    changed();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const within = (value) => Math.min(SIDE, Math.max(0, Math.round(value * SIDE)));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (strokes.length >= MOST_STROKES || points() >= MOST_POINTS) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = place(event);
    strokes.push(current);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || points() >= MOST_POINTS) return;
    const [x, y] = place(event);
    if (Math.hypot(x - current.at(-2), y - current.at(-1)) < STEP) return;
    current.push(x, y);
    paint();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (!current) return;
      current = null;
      store();
    });
  }

  const pad = {
    show() {
      try {
        strokes = JSON.parse(field.value || "[]");
      } catch {
        strokes = [];
      }
      paint();
    },
    undo() {
      strokes.pop();
      paint();
      store();
    },
    clear() {
      strokes = [];
      paint();
      field.value = "";
    },
  };
  pad.show();
  return pad;
}
