import { scaleBand, scaleLinear, scalePoint } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { CellWriter } from './cells.ts';
import type { ChartPoint, DocumentChart } from './document.ts';
import { INK, LINE, MUTED } from './palette.ts';
import type { TextPainter } from './text.ts';

export interface ChartPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface ChartTools {
  readonly document: PDFKit.PDFDocument;
  readonly painter: TextPainter;
  readonly writer: CellWriter;
  readonly accent: string;
}

const TITLE_HEIGHT = 20;
const TIMELINE_HEIGHT = 130;
const BAR_HEIGHT = 17;
const AXIS_WIDTH = 40;
const LABEL_SIZE = 7.5;
const TICKS = 4;
const MAX_LABELS = 8;
/** More than so many columns are drawn as a line. */
const MAX_COLUMNS = 16;
/** In points: the one column of a day's report would be a wall. */
const MAX_COLUMN_WIDTH = 48;

/** How high a chart is drawn, in points. */
export function chartHeight({ shape, points }: DocumentChart): number {
  if (isEmpty(points)) return TITLE_HEIGHT + BAR_HEIGHT;
  return TITLE_HEIGHT + (shape === 'timeline' ? TIMELINE_HEIGHT + 18 : Math.max(1, points.length) * BAR_HEIGHT + 6);
}

const isEmpty = (points: readonly ChartPoint[]): boolean => points.every(({ value }) => value === 0);

export function drawChart(chart: DocumentChart, place: ChartPlace, tools: ChartTools): void {
  const { painter } = tools;
  const { x, y, width } = place;
  painter.draw(chart.title, { x, baseline: y + 9, width, size: 10, weight: 700 });
  const below = { ...place, y: y + TITLE_HEIGHT };
  if (isEmpty(chart.points)) {
    painter.draw('Nothing to show', { x, baseline: below.y + 12, width, size: 9, color: MUTED });
  } else if (chart.shape === 'timeline') drawTimeline(chart, below, tools);
  else drawRanking(chart, below, tools);
}

function drawTimeline(chart: DocumentChart, { x, y, width }: ChartPlace, tools: ChartTools): void {
  const { document, painter, writer } = tools;
  const { points, type } = chart;
  const bottom = y + TIMELINE_HEIGHT;
  const values = points.map(({ value }) => value);
  const height = scaleLinear([Math.min(0, ...values), Math.max(...values)], [bottom, y]).nice(TICKS);
  for (const tick of height.ticks(TICKS)) {
    // Of pieces there are no halves.
    if (type === 'integer' && !Number.isInteger(tick)) continue;
    const at = height(tick);
    document
      .moveTo(x + AXIS_WIDTH, at)
      .lineTo(x + width, at)
      .lineWidth(0.5)
      .stroke(LINE);
    const label = { x, baseline: at + 2.5, width: AXIS_WIDTH - 6, align: 'right', size: LABEL_SIZE } as const;
    painter.draw(writer.writeShort(tick, type), { ...label, color: MUTED });
  }
  const range: [number, number] = [x + AXIS_WIDTH, x + width];
  const middles =
    points.length > MAX_COLUMNS ? drawLine(points, range, height, tools) : drawColumns(points, range, height, tools);
  drawLabels(points, middles, bottom + 11, painter);
}

type Height = (value: number) => number;

/** @returns the middle of each point's place */
function drawLine(
  points: readonly ChartPoint[],
  range: [number, number],
  height: Height,
  { document, accent }: ChartTools,
): number[] {
  const indexes = points.map((_, index) => index);
  const places = scalePoint(indexes, range).padding(0.3);
  const middle = (_point: ChartPoint, index: number): number => places(index) ?? 0;
  const top = ({ value }: ChartPoint): number => height(value);
  const surface = area<ChartPoint>(middle, () => height(0), top)([...points]);
  const curve = line<ChartPoint>(middle, top)([...points]);
  if (surface !== null) document.save().fillOpacity(0.12).path(surface).fill(accent).restore();
  if (curve !== null) document.path(curve).lineWidth(1.4).lineJoin('round').stroke(accent);
  return points.map(middle);
}

function drawColumns(
  points: readonly ChartPoint[],
  range: [number, number],
  height: Height,
  { document, accent }: ChartTools,
): number[] {
  const places = scaleBand(
    points.map((_, index) => index),
    range,
  ).padding(0.3);
  const width = Math.min(places.bandwidth(), MAX_COLUMN_WIDTH);
  return points.map(({ value }, index) => {
    const middle = (places(index) ?? 0) + places.bandwidth() / 2;
    const top = Math.min(height(value), height(0));
    document.rect(middle - width / 2, top, width, Math.abs(height(value) - height(0))).fill(accent);
    return middle;
  });
}

/** As many as can stand beside each other. */
function drawLabels(
  points: readonly ChartPoint[],
  middles: readonly number[],
  baseline: number,
  painter: TextPainter,
): void {
  const step = Math.ceil(points.length / MAX_LABELS);
  const room = 60;
  for (let index = 0; index < points.length; index += step) {
    const label = { x: (middles[index] ?? 0) - room / 2, baseline, width: room, align: 'center' } as const;
    painter.draw(points[index]?.label ?? '', { ...label, size: LABEL_SIZE, color: MUTED });
  }
}

function drawRanking({ points, type }: DocumentChart, { x, y, width }: ChartPlace, tools: ChartTools): void {
  const { document, painter, writer, accent } = tools;
  const nameWidth = width * 0.34;
  const valueWidth = 80;
  const longest = Math.max(...points.map(({ value }) => value), 1);
  const length = scaleLinear([0, longest], [0, width - nameWidth - valueWidth - 16]);
  for (const [index, { label, value }] of points.entries()) {
    const top = y + index * BAR_HEIGHT;
    const baseline = top + 9.5;
    painter.draw(label, { x, baseline, width: nameWidth, size: 8.5, color: INK });
    document.rect(x + nameWidth + 8, top + 1.5, Math.max(0.5, length(value)), BAR_HEIGHT - 6).fill(accent);
    const text = writer.write(value, type);
    const start = x + nameWidth + 8 + Math.max(0.5, length(value)) + 6;
    painter.draw(text, { x: start, baseline, width: valueWidth, size: 8, color: MUTED, tooLong: 'shrink' });
  }
}
