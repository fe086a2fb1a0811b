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
    stopWhenTold(launch, terminal);
    await launch.up();
  } catch (error) {
    // Children that are ended while others are still being started are no failure.
    if (stopping) return;
    terminal.fail(error);
    await launch?.down();
    process.exit(1);
  }
}

function stopWhenTold(launch: Launch, terminal: Terminal): void {
  let stoppingSince: number | undefined;
  const begin = (): void => {
    if (stoppingSince !== undefined) return;
    stoppingSince = performance.now();
    stopping = true;
    void stop(launch, terminal);
  };
  const onSignal = (): void => {
    if (stoppingSince !== undefined && performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      launch.kill();
      process.exit(1);
    }
    begin();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  // The terminal is closed, or who read our lines is gone. One such end tells of itself in several ways, none of them impatient.
  process.on('SIGHUP', begin);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', begin);
}

async function stop(launch: Launch, terminal: Terminal): Promise<void> {
  terminal.line('\nFinishing what is under way; once more ends at once');
  await launch.down();
  terminal.line('Stopped');
  process.exit(0);
}

await main(process.argv.slice(2));
