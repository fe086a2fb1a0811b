import { escapeHtml } from '../../shared/html.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Outcome, ScheduleStanding } from '../queue/schedule.desk.ts';

/** The schedules as a table, as they are at a moment. */
export function schedulesTable(schedules: readonly ScheduleStanding[], now: Date): string {
  const failed = schedules.filter(({ outcome }) => outcome?.state === 'failed').length;
  const told = failed === 0 ? 'none has failed at its last run' : `${String(failed)} failed at the last run`;
  return `<div class="table" role="region" aria-labelledby="schedules" tabindex="0"><table>
<caption id="schedules">${String(schedules.length)} schedules, ${told}. As of ${moment(now)}; updates every half minute.</caption>
<thead><tr>${HEADS.map(([name, kind]) => `<th scope="col"${kind}>${name}</th>`).join('')}</tr></thead>
<tbody>${schedules.map((schedule) => rowOf(schedule, now)).join('')}</tbody></table></div>`;
}

const HEADS = [
  ['Schedule', ''],
  ['Cron', ''],
  ['Missed slots', ''],
  ['Last run', ''],
  ['What came of it', ''],
  ['Next run', ''],
  ['Runs', ' class="number"'],
] as const;

const MISSED = { 'catch-up': 'the latest caught up', skip: 'skipped' } as const;

function rowOf(
  { name, cron, timeZone, missed, lastSlot, outcome, nextSlot, runs }: ScheduleStanding,
  now: Date,
): string {
  const last = lastSlot === null ? '<span class="quiet">not yet</span>' : `${moment(lastSlot)}${ago(lastSlot, now)}`;
  return `<tr><th scope="row">${escapeHtml(name)}</th>
<td><code>${escapeHtml(cron)}</code><span class="quiet">${escapeHtml(timeZone)}</span></td>
<td>${MISSED[missed]}</td>
<td>${last}</td>
<td class="reason">${outcome === null ? '' : outcomeOf(outcome)}</td>
<td>${moment(nextSlot)}<span class="quiet">in ${inWords(nextSlot.getTime() - now.getTime())}</span></td>
<td class="number">${String(runs)}</td></tr>`;
}

const TONES: Readonly<Record<Outcome['state'], string>> = {
  done: 'good',
  failed: 'bad',
  running: 'busy',
  waiting: 'busy',
  unknown: '',
};

function outcomeOf(outcome: Outcome): string {
  const { reason, durationMs } = { reason: undefined, durationMs: undefined, ...outcome };
  const badge = `<span class="badge ${TONES[outcome.state]}">${outcome.state}</span>`;
  const took = durationMs === undefined ? '' : `<span class="quiet">took ${inWords(durationMs)}</span>`;
  return `${badge}${took}${reason === undefined ? '' : `<span class="quiet">${escapeHtml(reason)}</span>`}`;
}

function moment(at: Date): string {
  const text = at.toISOString();
  return `<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

const ago = (at: Date, now: Date): string => `<span class="quiet">${inWords(now.getTime() - at.getTime())} ago</span>`;

const UNITS = [
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'min'],
  [SECOND_MS, 's'],
] as const;

/** In its largest unit, and the next one. */
function inWords(ms: number): string {
  const at = UNITS.findIndex(([unitMs]) => ms >= unitMs);
  if (at === -1) return `${String(Math.max(0, Math.round(ms)))} ms`;
  let rest = ms;
  const parts = UNITS.slice(at, at + 2).map(([unitMs, unit]) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? '' : `${String(count)} ${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}
