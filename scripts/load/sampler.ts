import { readFileSync } from 'node:fs';

/** What a process took in one second. */
export interface Sample {
  /** Since the beginning. */
  readonly seconds: number;
  /** In percent of one core. */
  readonly cpuPercent: number;
  readonly rssMb: number;
}

const EVERY_MS = 1_000;
/** The kernel's unit of CPU time in /proc (proc(5)): USER_HZ, 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** Looks at a process each second. On systems without /proc there is nothing to see, and no samples. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #pid: number | undefined;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #ticks: number | undefined;
  #lookedAt = performance.now();

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#ticks = this.#look()?.ticks;
    this.#timer = setInterval(() => {
      this.#take();
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    const seen = this.#look();
    if (seen === undefined) return;
    const now = performance.now();
    const spent = (seen.ticks - (this.#ticks ?? seen.ticks)) / TICKS_PER_SECOND;
    const cpuPercent = (spent / ((now - this.#lookedAt) / 1_000)) * 100;
    this.samples.push({ seconds: (now - this.#startedAt) / 1_000, cpuPercent, rssMb: seen.rssMb });
    this.#ticks = seen.ticks;
    this.#lookedAt = now;
  }

  #look(): { readonly ticks: number; readonly rssMb: number } | undefined {
    if (this.#pid === undefined) return undefined;
    try {
      const stat = readFileSync(`/proc/${String(this.#pid)}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const rssKb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(this.#pid)}/status`, 'utf8'))?.[1];
      return { ticks: Number(fields[11]) + Number(fields[12]), rssMb: Number(rssKb) / 1_024 };
    } catch {
      return undefined;
    }
  }
}
