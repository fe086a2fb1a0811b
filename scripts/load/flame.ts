import { escapeHtml } from '../../src/shared/html.ts';

/** What `node --cpu-prof` writes (the protocol's Profiler.Profile). Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** One box: a function, as called by the boxes above it. */
interface Frame {
  readonly name: string;
  readonly kind: Kind;
  readonly totalUs: number;
  readonly children: readonly Frame[];
}

type Kind = 'library' | 'node' | 'ours';

/** Thinner than this share of the whole nothing can be read. */
const THINNEST = 0.0008;
const [WIDTH, ROW] = [1_400, 18];
/** What is not work. */
const IDLE = new Set(['(idle)', '(program)']);

const STYLE = `
  body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #1b1f24; background: #fff } h1 { font-size: 1.3rem; margin: 0 }
  svg { width: 100%; height: auto; margin-top: 1rem } rect { stroke: #fff; stroke-width: .6 } text { font: 11px monospace; fill: #14171c; pointer-events: none }
  .ours rect { fill: #f0a04b } .library rect { fill: #8fbbe8 } .node rect { fill: #c9ced6 } g:hover > rect { stroke: #000 }
  .key { display: inline-block; padding: 0 .5rem; margin-right: .6rem; border-radius: .2rem } table { border-collapse: collapse; margin-top: 1rem } td, th { text-align: left; padding: .15rem 1rem .15rem 0 }
`;

/** A flame graph as one file without any script: boxes tell their function and share when pointed at. */
export function flamePage(title: string, profile: CpuProfile): string {
  const { root, idleUs } = framesOf(profile);
  const boxes: string[] = [];
  const depth = draw(root, 0, 0, root.totalUs, boxes);
  const seconds = (us: number) => (us / 1e6).toFixed(1);
  const rows = hottest(profile).map(
    ([name, us]) => `<tr><td>${((us / root.totalUs) * 100).toFixed(1)} %</td><td>${escapeHtml(name)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${seconds(root.totalUs)} s of work, ${seconds(idleUs)} s idle. Each box is a function, below the one that called it; its width is its share of the work.
<span class="key" style="background:#f0a04b">ours</span><span class="key" style="background:#8fbbe8">libraries</span><span class="key" style="background:#c9ced6">Node</span></p>
<svg viewBox="0 0 ${String(WIDTH)} ${String((depth + 1) * ROW)}">${boxes.join('\n')}</svg>
<h1>Most time in the function itself</h1><table>${rows.join('')}</table></body></html>
`;
}

function framesOf({ nodes, samples, timeDeltas }: CpuProfile) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfUs = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  let idleUs = 0;
  const frameOf = (node: ProfileNode): Frame => {
    const children = (node.children ?? []).flatMap((id) => {
      const child = byId.get(id);
      if (child === undefined) return [];
      if (!IDLE.has(child.callFrame.functionName)) return [frameOf(child)];
      idleUs += selfUs.get(id) ?? 0;
      return [];
    });
    const totalUs = children.reduce((sum, child) => sum + child.totalUs, selfUs.get(node.id) ?? 0);
    return { name: nameOf(node), kind: kindOf(node), totalUs, children };
  };
  const [first] = nodes;
  if (first === undefined) throw new Error('The profile is empty');
  return { root: frameOf(first), idleUs };
}

/** @returns how many rows it took */
function draw(frame: Frame, row: number, x: number, allUs: number, boxes: string[]): number {
  const width = (frame.totalUs / allUs) * WIDTH;
  const share = `${((frame.totalUs / allUs) * 100).toFixed(1)} %`;
  const letters = Math.floor(width / 7);
  const label = letters < 3 ? '' : escapeHtml(frame.name.slice(0, letters));
  const at = `x="${x.toFixed(1)}" y="${String(row * ROW)}"`;
  boxes.push(
    `<g class="${frame.kind}"><title>${escapeHtml(frame.name)}: ${share}</title><rect ${at} width="${width.toFixed(1)}" height="${String(ROW)}"/><text x="${(x + 3).toFixed(1)}" y="${String(row * ROW + 13)}">${label}</text></g>`,
  );
  let [left, depth] = [x, row];
  for (const child of frame.children.toSorted((a, b) => b.totalUs - a.totalUs)) {
    if (child.totalUs / allUs < THINNEST) continue;
    depth = Math.max(depth, draw(child, row + 1, left, allUs, boxes));
    left += (child.totalUs / allUs) * WIDTH;
  }
  return depth;
}

const HOTTEST = 25;

function hottest({ nodes, samples, timeDeltas }: CpuProfile): readonly (readonly [name: string, us: number])[] {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const selfUs = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (!IDLE.has(name)) selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return [...selfUs].toSorted((a, b) => b[1] - a[1]).slice(0, HOTTEST);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const file = url.split('/').slice(-2).join('/');
  return url === '' ? name : `${name} ${file}:${String(lineNumber + 1)}`;
}

function kindOf({ callFrame: { url } }: ProfileNode): Kind {
  if (!url.startsWith('file:')) return 'node';
  return url.includes('/node_modules/') ? 'library' : 'ours';
}
