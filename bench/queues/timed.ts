import { figure, type Figure } from '../report.ts';

export interface Run {
  /** Jobs a second. */
  readonly rate: number;
  /** Processor time of this process for each job, in microseconds: a busy machine hardly changes it. */
  readonly cpuUs: number;
}

/** Works so many jobs off, once. */
export async function timed(jobs: number, work: () => Promise<unknown>): Promise<Run> {
  const [startedAt, startCpu] = [performance.now(), process.cpuUsage()];
  await work();
  const [seconds, { user, system }] = [(performance.now() - startedAt) / 1_000, process.cpuUsage(startCpu)];
  return { rate: jobs / seconds, cpuUs: (user + system) / jobs };
}

export const rates = (runs: readonly Run[]): number[] => runs.map(({ rate }) => rate);

/** Run by run, each against the one that took turns with it. */
export const ratios = (of: readonly Run[], to: readonly Run[]): number[] =>
  of.map(({ rate }, run) => rate / (to[run]?.rate ?? NaN));

export function cpuFigure(name: string, runs: readonly Run[]): Figure {
  const times = runs.map(({ cpuUs }) => cpuUs);
  return figure(`processor time a job, ${name}`, 'us', times);
}
