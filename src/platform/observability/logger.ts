import { pino, type DestinationStream, type Logger } from 'pino';
import { isError } from '../../shared/errors.ts';
import { LineBatches } from './line-batches.ts';
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

let standardOutput: LineBatches | undefined;

/**
 * Standard output, a batch of lines at a time. What is gathered is written when the process ends by itself, and at a fatal line; SIGKILL
 * may take the last 100 ms along.
 */
function buffered(): LineBatches {
  if (standardOutput !== undefined) return standardOutput;
  const [later, atOnce] = [pino.destination({ dest: 1, sync: false }), pino.destination({ dest: 1, sync: true })];
  standardOutput = new LineBatches({
    write: (batch) => later.write(batch),
    writeSync(batch) {
      later.flushSync();
      atOnce.write(batch);
    },
  });
  return standardOutput;
}

/**
 * Writes lines of which there are thousands a second, at the level `info`: their members are JSON already, and hold no secret. To have pino
 * put such a line together costs ten times as much.
 */
export function infoLines(logger: Logger): (members: string) => void {
  const { chindingsSym, streamSym } = pino.symbols;
  const internals = logger as unknown as Readonly<Record<symbol, unknown>>;
  const output = internals[streamSym] as DestinationStream;
  const bindings = String(internals[chindingsSym]);
  return (members) => {
    if (logger.isLevelEnabled('info')) output.write(`{"level":"info"${isoTime()}${bindings},${members}}\n`);
  };
}

/** Pino makes a bare error's message the line's message, past the formatters: it is taken apart before. */
function cleanArguments([first, ...rest]: readonly unknown[]): unknown[] {
  const named: unknown[] = isError(first)
    ? [{ error: first }, ...(rest.length > 0 ? rest : [first.message])]
    : [first, ...rest];
  return named.map((argument) => (typeof argument === 'string' ? redactText(argument) : argument));
}
