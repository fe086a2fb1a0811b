import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/embedded/node-flags.ts';

/** A server in a process of its own. */
export interface RunningServer {
  readonly uri: string;
  /** From the start of the process until it said it was ready. */
  readonly startMs: number;
  /** Memory that is not a mapped file, in megabytes (`RssAnon`). */
  anonymousMb(): number;
  stop(): Promise<void>;
}

export async function startProcess(script: string, args: readonly string[] = []): Promise<RunningServer> {
  const startedAt = performance.now();
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...NODE_FLAGS, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const uri = await readyUri(child);
  return {
    uri,
    startMs: performance.now() - startedAt,
    anonymousMb: () => anonymousMb(child.pid ?? 0),
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

function readyUri(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const uri = /uri=(\S+)/.exec(output)?.[1];
      if (uri !== undefined) resolve(uri);
    });
    child.once('exit', (code) => {
      reject(new Error(`The server ended with code ${String(code)} before it was ready`));
    });
  });
}

function anonymousMb(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_024;
}
