import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { escapeHtml } from '../../src/shared/html.ts';

export interface Series {
  readonly name: string;
  /** A class of the page's style: `first`, `second`, `third`. */
  readonly look: 'first' | 'second' | 'third';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** Drawn as a line across: what must not be reached. */
  readonly limit?: number;
}

const [WIDTH, HEIGHT] = [640, 220];
const EDGE = { top: 14, right: 14, bottom: 30, left: 52 };

/** A line chart over the seconds of a run, as SVG that needs nothing else but the page's colours. */
export function chart({ title, unit, series, limit }: Chart): string {
  const points = series.flatMap((each) => each.points).filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '';
  // A limit far above what was measured would press the curve flat.
  const highest = Math.max(...points.map(([, y]) => y));
  const shownLimit = limit !== undefined && limit < highest * 3 ? limit : undefined;
  const x = scaleLinear([0, Math.max(...points.map(([seconds]) => seconds))], [EDGE.left, WIDTH - EDGE.right]);
  const y = scaleLinear([0, Math.max(highest, shownLimit ?? 0, 1) * 1.08], [HEIGHT - EDGE.bottom, EDGE.top]).nice(5);
  const pathOf = line<readonly [number, number]>(
    ([at]) => x(at),
    ([, value]) => y(value),
  ).defined(([, v]) => Number.isFinite(v));
  const areaOf = area<readonly [number, number]>(
    ([at]) => x(at),
    y(0),
    ([, value]) => y(value),
  ).defined(([, v]) => Number.isFinite(v));
  const curves = series.map(({ look, points: own }, index) => {
    const filled =
      index === 0 && series.length === 1 ? `<path class="area ${look}" d="${areaOf([...own]) ?? ''}"/>` : '';
    return `${filled}<path class="line ${look}" d="${pathOf([...own]) ?? ''}"/>`;
  });
  const legend = series.map(({ name, look }) => `<span class="${look}">${escapeHtml(name)}</span>`).join('');
  const across = (at: number, kind: string) =>
    `<line class="${kind}" x1="${String(EDGE.left)}" x2="${String(WIDTH - EDGE.right)}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/>`;
  const rows = y.ticks(5).map((value) => {
    return `${across(y(value), 'grid')}<text x="${String(EDGE.left - 8)}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toLocaleString('en')}</text>`;
  });
  const columns = x.ticks(8).map((value) => {
    return `<text x="${x(value).toFixed(1)}" y="${String(HEIGHT - 10)}" text-anchor="middle">${String(value)} s</text>`;
  });
  const limitLine =
    shownLimit === undefined
      ? ''
      : `${across(y(shownLimit), 'limit')}<text class="limit" x="${String(WIDTH - EDGE.right)}" y="${(y(shownLimit) - 5).toFixed(1)}" text-anchor="end">limit ${String(shownLimit)} ${escapeHtml(unit)}</text>`;
  return `<figure><figcaption><b>${escapeHtml(title)}</b> <small>${escapeHtml(unit)}</small> <span class="legend">${legend}</span></figcaption>
<svg viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${escapeHtml(title)}">${rows.join('')}${columns.join('')}${limitLine}${curves.join('')}</svg></figure>`;
}
