import { openDataDirectory, type DataDirectory } from './directory.ts';

/** A process that tries to have a data directory when it is told its path, and lets go of it when it is told none. */
let held: DataDirectory | undefined;

process.on('message', ({ path }: { path?: string }) => {
  void turn(path).then((outcome) => process.send?.(outcome));
});
process.send?.('ready');

async function turn(path: string | undefined): Promise<string> {
  held?.release();
  held = undefined;
  if (path === undefined) return 'free';
  try {
    held = await openDataDirectory(path);
    return 'held';
  } catch (error) {
    return (error as Error).message;
  }
}
