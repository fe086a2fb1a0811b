import { escapeHtml } from '../../src/shared/html.ts';
import { chart, type Chart } from './chart.ts';
import type { Check, LoadResult, Times } from './result.ts';

const STYLE = `
  :root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --paper: #fff; --card: #f5f7fa; --line: #d9dee5; --first: #2563c9; --second: #c26a00; --third: #b3261e; --good: #12733a; --bad: #b3261e }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --soft: #9aa4b2; --paper: #14171c; --card: #1d222a; --line: #363e4a; --first: #7db4ff; --second: #ffb454; --third: #ff8a80; --good: #6dd694; --bad: #ff8a80 } }
  body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 84rem; margin: 2rem auto; padding: 0 1.25rem }
  h1 { margin: 0; font-size: 1.5rem } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem } p.about, small { color: var(--soft) }
  .checks { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 }
  .check { background: var(--card); border-left: .3rem solid var(--good); border-radius: .3rem; padding: .6rem 1rem; min-width: 13rem }
  .check.missed { border-color: var(--bad) } .check b { display: block; font-size: 1.35rem } .check span { color: var(--soft) }
  .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(32rem, 1fr)); gap: 1rem }
  figure { margin: 0; max-width: 60rem; background: var(--card); border-radius: .4rem; padding: .7rem .9rem } figcaption { display: flex; gap: .6rem; align-items: baseline }
  .legend { margin-left: auto; display: flex; gap: .9rem } .legend span::before { content: ''; display: inline-block; width: .9rem; height: .2rem; margin-right: .35rem; vertical-align: middle; background: currentColor }
  .legend .first { color: var(--first) } .legend .second { color: var(--second) } .legend .third { color: var(--third) }
  svg { width: 100%; height: auto } svg text { font-size: 11px; fill: var(--soft) } .grid { stroke: var(--line) }
  .line { fill: none; stroke-width: 2 } .line.first { stroke: var(--first) } .line.second { stroke: var(--second) } .line.third { stroke: var(--third) }
  .area { opacity: .15 } .area.first { fill: var(--first) } .area.second { fill: var(--second) }
  line.limit { stroke: var(--bad); stroke-dasharray: 5 4 } text.limit { fill: var(--bad) }
  table { border-collapse: collapse; width: 100%; max-width: 60rem } th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line) } th:first-child, td:first-child { text-align: left }
  td.missed { color: var(--bad); font-weight: 600 }
`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>
`;

/** One run with its charts: a file that needs no other. */
export function resultPage(result: LoadResult): string {
  const { name, startedAt, commit, machine, command, requests, checks, endpoints, statuses } = result;
  const verdict = checks.every(({ met }) => met) ? 'all limits kept' : 'a limit was missed';
  const codes = Object.entries(statuses).map(([code, count]) => `${code}: ${count.toLocaleString('en')}`);
  return page(
    `Load test ${name}, ${when(startedAt)}`,
    `<h1>Load test “${escapeHtml(name)}”: ${verdict}</h1>
<p class="about">${when(startedAt)} · <code>${escapeHtml(command)}</code> · commit ${escapeHtml(commit)} · ${escapeHtml(machine)}</p>
<div class="checks">${checks.map(checkCard).join('')}${card('requests', requests.toLocaleString('en'), codes.join(' · '))}</div>
<div class="charts">${chartsOf(result).map(chart).join('\n')}</div>
<h2>By request</h2>
${table(
  ['request', 'count', 'p50', 'p95', 'p99'],
  endpoints.map((each) => [each.name, each.requests.toLocaleString('en'), ...timesCells(each)]),
)}`,
  );
}

/** Several runs side by side, the newest first. */
export function comparisonPage(results: readonly LoadResult[]): string {
  const heads = ['', ...results.map(({ name, startedAt, commit }) => `${name}, ${when(startedAt)}, ${commit}`)];
  const checks = [...new Set(results.flatMap((result) => result.checks.map(({ what }) => what)))];
  const rows = [
    ['requests', ...results.map(({ requests }) => requests.toLocaleString('en'))],
    ...checks.map((what) => [
      what,
      ...results.map((result) => valueOf(result.checks.find((each) => each.what === what))),
    ]),
    ...(['p50', 'p95', 'p99'] as const).map((share) => [share, ...results.map(({ times }) => ms(times[share]))]),
  ];
  const names = [...new Set(results.flatMap(({ endpoints }) => endpoints.map((each) => each.name)))];
  const byRequest = names.map((name) => [
    name,
    ...results.map(({ endpoints }) => ms(endpoints.find((each) => each.name === name)?.p95 ?? NaN)),
  ]);
  const looks = ['first', 'second', 'third'] as const;
  const series = results.slice(0, looks.length).map(({ startedAt, intervals }, index) => ({
    name: when(startedAt),
    look: looks[index] ?? 'third',
    points: intervals.map(({ seconds, p95 }) => [seconds, p95] as const),
  }));
  return page(
    'Load tests side by side',
    `<h1>The last ${String(results.length)} load tests</h1>
<h2>As a whole</h2>${table(heads, rows)}
<h2>95 % of answers within</h2><div class="charts">${chart({ title: 'p95 of the newest three', unit: 'ms', series })}</div>
<h2>p95 by request</h2>${table(heads, byRequest)}`,
  );
}

function chartsOf({ intervals, samples, checks }: LoadResult): Chart[] {
  const over = (value: (interval: LoadResult['intervals'][number]) => number) =>
    intervals.map((interval) => [interval.seconds, value(interval)] as const);
  const limitOf = (unit: string) => checks.find((check) => check.unit === unit)?.limit;
  const [p95Limit, rssLimit] = [limitOf('ms'), limitOf('MB')];
  return [
    {
      title: 'Requests',
      unit: 'a second',
      series: [{ name: 'sent', look: 'first', points: over((i) => i.requestsPerSecond) }],
    },
    {
      title: 'Response times',
      unit: 'ms',
      series: [
        { name: 'p50', look: 'first', points: over(({ p50 }) => p50) },
        { name: 'p95', look: 'second', points: over(({ p95 }) => p95) },
        { name: 'p99', look: 'third', points: over(({ p99 }) => p99) },
      ],
      ...(p95Limit !== undefined && { limit: p95Limit }),
    },
    {
      title: 'CPU of the API',
      unit: '% of one core',
      series: [{ name: 'CPU', look: 'first', points: samples.map(({ seconds, cpuPercent }) => [seconds, cpuPercent]) }],
    },
    {
      title: 'Memory of the API (RSS)',
      unit: 'MB',
      series: [{ name: 'RSS', look: 'second', points: samples.map(({ seconds, rssMb }) => [seconds, rssMb]) }],
      ...(rssLimit !== undefined && { limit: rssLimit }),
    },
  ];
}

const checkCard = (check: Check): string =>
  card(check.what, valueOf(check), `must stay below ${String(check.limit)} ${check.unit}`, check.met ? '' : ' missed');

const card = (what: string, value: string, below: string, more = ''): string =>
  `<div class="check${more}"><span>${escapeHtml(what)}</span><b>${escapeHtml(value)}</b><span>${escapeHtml(below)}</span></div>`;

const valueOf = (check: Check | undefined): string =>
  check === undefined
    ? '–'
    : `${check.value.toFixed(check.unit === '%' ? 2 : 0)} ${check.unit}${check.met ? '' : ' (missed)'}`;

const ms = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : '–');
const timesCells = ({ p50, p95, p99 }: Times): string[] => [p50, p95, p99].map(ms);
const when = (at: string): string => at.slice(0, 16).replace('T', ' ') + ' UTC';

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${cells('th', heads)}${rows.map((row) => cells('td', row)).join('')}</table>`;
}
