import { DataDirectory } from './data-directory.ts';
import { Launch } from './launch.ts';
import { parseOptions, USAGE, type LaunchOptions } from './options.ts';
import { Terminal } from './terminal.ts';

/** npm passes a signal on that the terminal has already sent to everybody: within this time both are one. */
const SAME_SIGNAL_MS = 500;

let stopping = false;

/** Starts everything and resolves once it is up; from then on the launcher lives until it is told to stop. */
async function main(args: readonly string[]): Promise<void> {
  let terminal = new Terminal(process.stdout, false);
  let launch: Launch | undefined;
  try {
    const options: LaunchOptions = parseOptions(args);
    if (options.help) {
      process.stdout.write(USAGE);
      return;
    }
    terminal = new Terminal(process.stdout, options.quiet);
    terminal.line('');
    launch = new Launch(options, terminal, new DataDirectory(options.data));
    stopOnSignal(launch, terminal);
    await launch.up();
  } catch (error) {
    // Children that are ended while others are still being started are no failure.
    if (stopping) return;
    terminal.fail(error);
    await launch?.down();
    process.exit(1);
  }
}

function stopOnSignal(launch: Launch, terminal: Terminal): void {
  let stoppingSince: number | undefined;
  const onSignal = (): void => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      stopping = true;
      void stop(launch, terminal);
    } else if (performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      launch.kill();
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

async function stop(launch: Launch, terminal: Terminal): Promise<void> {
  terminal.line('\nFinishing what is under way; once more ends at once');
  await launch.down();
  terminal.line('Stopped');
  process.exit(0);
}

await main(process.argv.slice(2));
