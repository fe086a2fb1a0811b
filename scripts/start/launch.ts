import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMailSink, type MailSink } from '../../src/platform/mail/sink.ts';
import { provideDemoData, demoLogins } from './demo-data.ts';
import { childEnvironment } from '../../src/config/index.ts';
import { Children, type ChildPlan } from './children.ts';
import type { DataDirectory } from './data-directory.ts';
import { embeddedDatabase, isEmpty } from './database.ts';
import { environmentFile } from './environment-file.ts';
import { endLeftOver } from './left-over.ts';
import { migrate } from './migration.ts';
import type { LaunchOptions } from './options.ts';
import { api, workers, WORKER_KINDS } from './processes.ts';
import { cacheRedis, queueRedis, requireRedis } from './redis.ts';
import { settle, type Settings } from './settings.ts';
import { summaryOf } from './summary.ts';
import type { Progress, Terminal } from './terminal.ts';

const LIFELINE = new URL('lifeline.ts', import.meta.url).href;

/** Brings the whole platform up on this machine, step by step, and down again. */
export class Launch {
  readonly #options: LaunchOptions;
  readonly #terminal: Terminal;
  readonly #data: DataDirectory;
  readonly #children: Children;
  #mailSink: MailSink | undefined;

  constructor(options: LaunchOptions, terminal: Terminal, data: DataDirectory) {
    this.#options = options;
    this.#terminal = terminal;
    this.#data = data;
    this.#children = new Children({
      logFileOf: (name) => join(data.pathOf('logs'), `${name}.log`),
      tell: (line) => {
        terminal.say(line);
      },
      onSpawn: (pid) => {
        data.note(pid);
      },
      onExit: (pid) => {
        data.strike(pid);
      },
    });
  }

  /** @throws LaunchError when something is missing; `down` then ends what has been started. */
  async up(): Promise<void> {
    const step = this.#terminal.step.bind(this.#terminal);
    const settings = await step('Configuration', (progress) => this.#configure(progress));
    const { own } = settings;
    if (own.queueRedis !== undefined || own.cacheRedis !== undefined) await this.#requireRedis();
    await step('Redis', (progress) => this.#startRedis(settings, progress));
    const mayFill = await step('Database', (progress) => this.#startDatabase(settings, progress));
    if (mayFill) {
      await step('Indexes', (progress) => migrate(settings.database, own.database !== undefined, progress));
      if (this.#options.seed) await step('Demo data', (progress) => provideDemoData(settings.database, progress));
    }
    if (own.mail !== undefined) await this.#startMail(own.mail);
    const environment = environmentFile(settings.environment);
    writeFileSync(this.#data.pathOf('processes.env'), environment, { mode: 0o600 });
    await this.#startProcesses(settings);
    this.#terminal.line(`\n${summaryOf(settings, this.#data.path, await demoLogins(settings.database))}\n`);
    if (this.#options.quiet) this.#terminal.say(`Ready: ${settings.apiUrl}`);
  }

  /** Ends everything, in the reverse order of its start. */
  async down(): Promise<void> {
    await this.#children.stop();
    await this.#mailSink?.close();
    this.#data.release();
  }

  /** Ends everything at once. */
  kill(): void {
    this.#children.kill();
    this.#data.release();
  }

  async #configure(progress: Progress): Promise<Settings> {
    const { leftOver } = this.#data;
    await endLeftOver(leftOver);
    if (leftOver.length > 0) progress(`ended ${String(leftOver.length)} processes of a launcher that was killed`);
    if (this.#options.fresh) this.#data.forget();
    return settle(this.#options, this.#data);
  }

  async #requireRedis(): Promise<void> {
    await requireRedis({
      install: this.#options.install,
      interactive: process.stdin.isTTY && process.stdout.isTTY,
      tell: (line) => {
        this.#terminal.say(line);
      },
    });
  }

  async #startRedis({ own, yours }: Settings, progress: Progress): Promise<void> {
    const { queueRedis: queuePort, cacheRedis: cachePort } = own;
    if (yours.length > 0) {
      // Its driver takes a while to load, and most have none of their own.
      const { requireAnswer } = await import('./redis-of-yours.ts');
      for (const redis of yours) await requireAnswer(redis);
    }
    if (queuePort !== undefined) await this.#children.start(queueRedis(queuePort, this.#data.pathOf('redis-queues')));
    if (cachePort !== undefined) await this.#children.start(cacheRedis(cachePort, this.#data.pathOf('redis-cache')));
    progress(`queues ${placeOf(queuePort)}, cache ${placeOf(cachePort)}`);
  }

  /** @returns whether indexes and demo data are ours to bring in: a database of somebody else has both by his own will. */
  async #startDatabase({ own, database }: Settings, progress: Progress): Promise<boolean> {
    if (own.database === undefined) {
      const empty = await isEmpty(database);
      progress(empty ? 'yours, empty' : 'yours, left as it is: npm run migrate brings its indexes up to date');
      return empty;
    }
    await this.#children.start(this.#ours(embeddedDatabase(own.database, this.#data.pathOf('mongo'))));
    progress(`embedded, ${placeOf(own.database)}`);
    return true;
  }

  async #startMail(port: number): Promise<void> {
    this.#mailSink = await startMailSink({ port, directory: this.#data.pathOf('mail') });
  }

  /** Both at once: what takes the time is the loading of code, and they don't wait for each other. */
  async #startProcesses({ apiUrl, workerUrl, environment }: Settings): Promise<void> {
    const step = this.#terminal.step.bind(this.#terminal);
    const serving = this.#children.start(this.#ours(api(apiUrl, environment)));
    const working = this.#children.start(this.#ours(workers(workerUrl, environment)));
    // Told when its step comes, which is not reached when the API fails.
    working.catch(() => undefined);
    await step('API', async (progress) => {
      await serving;
      progress(apiUrl);
    });
    await step('Workers', async (progress) => {
      await working;
      progress(WORKER_KINDS.join(', '));
    });
  }

  /**
   * A process of our own code, which ends when the launcher is killed.
   *
   * What Node compiles for one start serves the next. Of each process apart: V8 refuses what it has compiled under other flags, and
   * what is compiled in its place would be written over it.
   */
  #ours(plan: ChildPlan): ChildPlan {
    const env = plan.env ?? childEnvironment({});
    return {
      ...plan,
      args: ['--import', LIFELINE, ...plan.args],
      env: { ...env, NODE_COMPILE_CACHE: join(this.#data.pathOf('compiled'), plan.name) },
    };
  }
}

const placeOf = (port: number | undefined): string => (port === undefined ? 'yours' : `127.0.0.1:${String(port)}`);
