/** The answer as a picture to paste: verdict, ruler, peaks and PEFT's line, in the colours of the page. */

import type { Ruler } from "./ruler.js";

interface PictureSegment {
  readonly bytes: number;
  /** What of it lies on the card. Unit: bytes. */
  readonly clear: number;
  readonly label: string;
  /** CSS colours; may be properties of the page. */
  readonly fill: string;
  readonly ink: string;
  readonly texture: string;
}

export interface Picture {
  readonly name: string;
  readonly run: string;
  readonly verdict: {
    readonly text: string;
    readonly sign: string | undefined;
    readonly ink: string;
  };
  /** Absent where memory is not computed. */
  readonly ruler?: {
    readonly ruler: Ruler;
    readonly segments: readonly PictureSegment[];
    readonly free: string;
    readonly end: string | undefined;
  };
  /** Name and value of each peak. */
  readonly peaks: readonly (readonly [name: string, value: string])[];
  readonly line: string;
}

/** Size that previews of links ask for, and how many pixels stand for one. Unit: px. */
const [WIDTH, HEIGHT, DENSITY] = [1200, 630, 2];
const MARGIN = 64;
const INNER = WIDTH - 2 * MARGIN;
const BAR = { top: 330, height: 66 };
const GIB = 2 ** 30;
/** A segment of which more lies on the card carries its name. */
const NAMED = 0.12;

const SANS = '"Page Sans", system-ui, sans-serif';
const DISPLAY = '"Page Display", Georgia, serif';
const MONO = '"Page Mono", ui-monospace, monospace';

/** Draws on a canvas of its own; the page's fonts are waited for. */
export async function drawPicture(picture: Picture): Promise<HTMLCanvasElement> {
  const faces = [`400 50px ${DISPLAY}`, `400 24px ${SANS}`, `600 24px ${SANS}`, `400 20px ${MONO}`];
  await Promise.all(faces.map((face) => document.fonts.load(face)));
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * DENSITY;
  canvas.height = HEIGHT * DENSITY;
  const brush = canvas.getContext("2d");
  if (brush === null) throw new Error("this browser draws no pictures");
  const probe = document.body.appendChild(document.createElement("i"));
  try {
    paint(brush, picture, (colour) => {
      probe.style.color = colour;
      return getComputedStyle(probe).color;
    });
  } finally {
    probe.remove();
  }
  return canvas;
}

type Brush = CanvasRenderingContext2D;
type Resolve = (colour: string) => string;

function paint(brush: Brush, picture: Picture, resolve: Resolve): void {
  brush.scale(DENSITY, DENSITY);
  brush.fillStyle = resolve("var(--paper)");
  brush.fillRect(0, 0, WIDTH, HEIGHT);
  const [ink, soft] = [resolve("var(--ink)"), resolve("var(--ink-soft)")];

  write(brush, picture.name, MARGIN, 84, `400 28px ${DISPLAY}`, ink);
  write(brush, picture.run, MARGIN, 124, `400 23px ${SANS}`, soft);
  paintVerdict(brush, picture.verdict, ink, resolve);
  if (picture.ruler !== undefined) paintRuler(brush, picture.ruler, resolve);
  else if (picture.peaks.length > 0) dash(brush, resolve("var(--rule-strong)"));
  paintPeaks(brush, picture, ink, soft);

  brush.fillStyle = resolve("var(--rule-strong)");
  brush.fillRect(MARGIN, 508, INNER, 1);
  write(brush, picture.line, MARGIN, 556, `400 20.5px ${MONO}`, ink, INNER);
}

function write(
  brush: Brush,
  text: string,
  x: number,
  y: number,
  font: string,
  colour: string,
  width?: number,
): void {
  brush.font = font;
  brush.fillStyle = colour;
  brush.fillText(text, x, y, width);
}

function paintVerdict(
  brush: Brush,
  verdict: Picture["verdict"],
  ink: string,
  resolve: Resolve,
): void {
  const { text, sign } = verdict;
  const indent = sign === undefined ? 0 : 68;
  brush.font = `400 46px ${DISPLAY}`;
  const lines = wrap(brush, text, INNER - indent);
  const top = 204;
  if (sign !== undefined) {
    brush.save();
    brush.translate(MARGIN, top - 42);
    brush.scale(1.5, 1.5);
    brush.strokeStyle = resolve(verdict.ink);
    brush.lineWidth = 2.4;
    brush.lineCap = "round";
    brush.lineJoin = "round";
    brush.beginPath();
    brush.arc(17, 17, 15, 0, 2 * Math.PI);
    brush.stroke();
    brush.stroke(new Path2D(sign));
    brush.restore();
  }
  lines.forEach((line, index) => {
    write(brush, line, MARGIN + indent, top + 54 * index, `400 46px ${DISPLAY}`, ink);
  });
}

/** Words in lines that are no wider. */
function wrap(brush: Brush, text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && brush.measureText(longer).width <= width)
      lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function paintRuler(brush: Brush, drawn: NonNullable<Picture["ruler"]>, resolve: Resolve): void {
  const { ruler, segments, free, end } = drawn;
  const x = (bytes: number): number => MARGIN + (bytes / ruler.scale) * INNER;
  const { top, height } = BAR;
  brush.fillStyle = resolve("var(--paper-sunk)");
  brush.fillRect(MARGIN, top, INNER, height);
  let at = 0;
  for (const { bytes, clear, label, fill, ink, texture } of segments) {
    const [left, width] = [x(at), Math.max(1, x(at + bytes) - x(at))];
    brush.fillStyle = resolve(fill);
    brush.fillRect(left, top, width - 1, height);
    if (texture === "hatched") hatch(brush, left, width - 1, resolve("var(--paper)"));
    if (texture === "outlined") {
      brush.strokeStyle = resolve("var(--rule-strong)");
      brush.lineWidth = 1.5;
      brush.strokeRect(left + 0.75, top + 0.75, width - 1.5, height - 1.5);
    } else if (clear > NAMED * ruler.scale && texture === "") {
      write(brush, label, left + 14, top + 41, `400 21px ${SANS}`, resolve(ink), width - 20);
    }
    at += bytes;
  }
  if (ruler.free > 0) {
    brush.fillStyle = resolve("var(--paper)");
    brush.fillRect(x(at), top, x(at + ruler.free) - x(at), height);
    brush.strokeStyle = resolve("var(--rule)");
    brush.strokeRect(x(at), top + 0.5, x(at + ruler.free) - x(at), height - 1);
    brush.textAlign = "center";
    if (ruler.free > 0.14 * ruler.scale) {
      write(
        brush,
        free,
        x(at + ruler.free / 2),
        top + 41,
        `600 21px ${SANS}`,
        resolve("var(--good)"),
      );
    }
    brush.textAlign = "left";
  }
  if (ruler.end !== undefined && ruler.over > 0) {
    const [left, width] = [x(ruler.end), x(ruler.end + ruler.over) - x(ruler.end)];
    hatch(brush, left, width, resolve("var(--bad)"));
  }
  paintScale(brush, ruler, end, x, resolve);
}

function paintScale(
  brush: Brush,
  ruler: Ruler,
  end: string | undefined,
  x: (bytes: number) => number,
  resolve: Resolve,
): void {
  const y = BAR.top - 16;
  brush.textAlign = "center";
  for (const tick of ruler.ticks) {
    const beyond = ruler.end === undefined ? INNER : x(tick) - x(ruler.end);
    if ((beyond < -150 || beyond > 40) && tick > 0) {
      write(brush, `${tick / GIB}`, x(tick), y, `400 19px ${SANS}`, resolve("var(--ink-faint)"));
    }
  }
  brush.textAlign = "left";
  write(brush, "0", MARGIN, y, `400 19px ${SANS}`, resolve("var(--ink-faint)"));
  if (ruler.end === undefined || end === undefined) return;
  brush.textAlign = "right";
  write(brush, end, x(ruler.end), y, `600 20px ${SANS}`, resolve("var(--ink)"));
  brush.textAlign = "left";
  brush.fillStyle = resolve("var(--ink)");
  brush.fillRect(x(ruler.end) - 4, BAR.top - 8, 4, BAR.height + 16);
}

/** Oblique lines over a part of the bar. */
function hatch(brush: Brush, left: number, width: number, colour: string): void {
  const { top, height } = BAR;
  brush.save();
  brush.beginPath();
  brush.rect(left, top, width, height);
  brush.clip();
  brush.strokeStyle = colour;
  brush.lineWidth = 2.2;
  brush.beginPath();
  for (let step = -height; step < width; step += 8) {
    brush.moveTo(left + step, top + height);
    brush.lineTo(left + step + height, top);
  }
  brush.stroke();
  brush.restore();
}

/** Around sizes of which not all are known. */
function dash(brush: Brush, colour: string): void {
  brush.strokeStyle = colour;
  brush.lineWidth = 2;
  brush.setLineDash([7, 6]);
  brush.strokeRect(MARGIN, BAR.top, INNER, BAR.height);
  brush.setLineDash([]);
}

function paintPeaks(brush: Brush, { peaks, ruler }: Picture, ink: string, soft: string): void {
  const isFloor = ruler === undefined;
  const [y, size, gap] = isFloor ? [BAR.top + 40, 20, 22] : [452, 23, 40];
  let at = isFloor ? MARGIN + 20 : MARGIN;
  for (const [name, value] of peaks) {
    write(brush, name, at, y, `400 ${size}px ${SANS}`, soft);
    at += brush.measureText(`${name} `).width + 4;
    write(brush, value, at, y, `600 ${size}px ${SANS}`, ink);
    at += brush.measureText(value).width + gap;
  }
}
