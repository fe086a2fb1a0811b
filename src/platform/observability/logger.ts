import { pino, type DestinationStream, type Logger } from 'pino';
import { isError } from '../../shared/errors.ts';
import { redact, redactText } from './redact.ts';
import { currentTrace } from './trace.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Which process writes: `api`, `worker-email`. */
  readonly service: string;
  /** Where lines go; standard output unless a test listens. */
  readonly destination?: DestinationStream;
}

/**
 * A logger of JSON lines. Each line carries the request it belongs to, and is stripped of tokens, passwords,
 * card and phone numbers on its way out, so that no caller has to think of it.
 */
export function createLogger({ level, service, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: isoTime,
    messageKey: 'message',
    errorKey: 'error',
    // What is handed over is redacted as a whole; pino's own serializer would print an error's every property.
    serializers: { error: (value: unknown) => value },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redact(fields) as Record<string, unknown>,
    },
    mixin: () => {
      const trace = currentTrace();
      return trace === undefined ? {} : { requestId: trace.requestId, traceId: trace.traceId };
    },
    hooks: {
      logMethod(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn) {
        method.apply(this, cleanArguments(args) as Parameters<pino.LogFn>);
      },
    },
  };
  return pino(options, destination ?? buffered());
}

let shownAtMs = 0;
let shownTime = '';

/** The same text for all lines of a millisecond: to write a date down is a fifth of what a line costs. */
function isoTime(): string {
  const nowMs = Date.now();
  if (nowMs !== shownAtMs) {
    shownAtMs = nowMs;
    shownTime = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return shownTime;
}

const BUFFER_BYTES = 65_536;
const FLUSH_MS = 100;

/**
 * Standard output, a batch of lines at a time: a write for each costs more than a cached answer. What is buffered is written when the
 * process ends by itself, and at a fatal line; SIGKILL may take the last 100 ms along.
 */
const buffered = () =>
  pino.destination({
    dest: 1,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: 2 * BUFFER_BYTES,
    periodicFlush: FLUSH_MS,
  });

/** Pino makes a bare error's message the line's message, past the formatters: it is taken apart before. */
function cleanArguments([first, ...rest]: readonly unknown[]): unknown[] {
  const named: unknown[] = isError(first)
    ? [{ error: first }, ...(rest.length > 0 ? rest : [first.message])]
    : [first, ...rest];
  return named.map((argument) => (typeof argument === 'string' ? redactText(argument) : argument));
}
