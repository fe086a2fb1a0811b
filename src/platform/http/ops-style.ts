import { escapeHtml } from '../../shared/html.ts';
import { OPS_PATH } from './queue-board-link.ts';

const STYLE = `
  :root { color-scheme: light dark; --ink: #1b1f24; --quiet: #59636e; --line: #d5dae1; --soft: #f3f5f8; --link: #0b62c4;
    --good: #12733a; --good-soft: #e3f4e9; --bad: #b3261e; --bad-soft: #fbe9e7; --busy: #0b62c4; --busy-soft: #e5effb }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: Canvas }
  a { color: var(--link) } h1 { font-size: 1.6rem; margin: .25rem 0 1rem } nav { font-size: .9rem } code { font-size: .85em }
  .quiet { color: var(--quiet); font-size: .85rem }
  .badge { display: inline-block; padding: 0 .6rem; border-radius: 1rem; font-weight: 600; font-size: .85rem; color: var(--quiet); background: var(--soft) }
  .good { color: var(--good); background: var(--good-soft) } .bad { color: var(--bad); background: var(--bad-soft) } .busy { color: var(--busy); background: var(--busy-soft) }
  .places { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem }
  .places li { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem }
  .places h2 { font-size: 1.1rem; margin: 0 } .places p { margin: .25rem 0 0; color: var(--quiet) }
  .table { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem }
  table { border-collapse: collapse; width: 100%; font-size: .92rem } caption { text-align: left; padding: .75rem 1rem; color: var(--quiet) }
  th, td { text-align: left; vertical-align: top; padding: .6rem 1rem; border-top: 1px solid var(--line) }
  thead th { background: var(--soft); font-size: .8rem; white-space: nowrap } tbody th { font-weight: 600 } tbody th, td code { white-space: nowrap }
  time, .number { white-space: nowrap; font-variant-numeric: tabular-nums } .number { text-align: right } td .quiet { display: block }
  .reason { max-width: 22rem; overflow-wrap: anywhere }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --quiet: #a3adba; --line: #39414d; --soft: #1e232b; --link: #7db4ff;
    --good: #7ee0a1; --good-soft: #14301f; --bad: #ffaba4; --bad-soft: #3d1815; --busy: #9cc8ff; --busy-soft: #14293f } body { background: #14171c } }
`;

export interface OpsPage {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** When the page asks for itself again. */
  readonly refreshSeconds?: number;
}

/** A page of operators: one file of HTML without script, font or image from elsewhere. */
export function opsPage({ title, body, refreshSeconds }: OpsPage): string {
  const again = refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${String(refreshSeconds)}">`;
  const back = refreshSeconds === undefined ? '' : `<nav><a href="${OPS_PATH}">Operations</a></nav>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${again}
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
${back}<main><h1>${escapeHtml(title)}</h1>
${body}</main></body></html>
`;
}
