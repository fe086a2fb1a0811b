import { isMainThread } from 'node:worker_threads';

/*
 * Loaded by a child of the launcher before its own code (`node --import`), and so nowhere else: its standard input is a pipe that
 * nobody writes to and the launcher holds. The pipe ends with the launcher, however that was killed, and the child then as by SIGTERM.
 */
if (isMainThread) {
  const end = (): void => {
    process.kill(process.pid, 'SIGTERM');
  };
  process.stdin.once('end', end).once('error', end).resume();
  // Sockets and pipes have it, which is what a child of the launcher gets.
  process.stdin.unref();
}
