import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Request } from '../server/request.ts';

interface FailCommand {
  /** How often it still fires. */
  remaining: number;
  /** How many matching commands pass before it does. */
  skip: number;
  readonly data: Document;
}

/** What a fail point does to a command. */
export interface Failure {
  readonly closeConnection: boolean;
  readonly blockMs: number;
  readonly error: CommandError | undefined;
  /** A failure to be told of beside a result that took effect. */
  readonly writeConcernError: Document | undefined;
}

/** MongoDB's `failCommand`, by which tests make any command fail on purpose. */
export class FailPoints {
  #failCommand: FailCommand | undefined;

  /** @param mode 'off', 'alwaysOn', `{ times }` or `{ skip }` */
  configure(name: string, mode: unknown, data: Document): void {
    if (name !== 'failCommand') throw new CommandError('InvalidOptions', `unknown fail point: ${name}`);
    const { times, skip } = (typeof mode === 'object' && mode !== null ? mode : {}) as {
      times?: number;
      skip?: number;
    };
    this.#failCommand = mode === 'off' ? undefined : { remaining: times ?? Infinity, skip: skip ?? 0, data };
  }

  /** What happens to this command; `undefined` for nothing. */
  take(request: Request): Failure | undefined {
    const point = this.#failCommand;
    if (point === undefined || !isMeant(point.data, request)) return undefined;
    if (point.skip > 0) {
      point.skip -= 1;
      return undefined;
    }
    point.remaining -= 1;
    if (point.remaining <= 0) this.#failCommand = undefined;
    return failureOf(point.data);
  }
}

function isMeant({ failCommands, appName }: Document, request: Request): boolean {
  if (!Array.isArray(failCommands) || !failCommands.includes(request.name)) return false;
  const application = request.connection.client?.application as { name?: string } | undefined;
  return appName === undefined || appName === application?.name;
}

function failureOf(data: Document): Failure {
  const { closeConnection, errorCode, errorLabels, blockConnection, blockTimeMS, writeConcernError } = data;
  const labels = Array.isArray(errorLabels) ? { labels: errorLabels as string[] } : {};
  return {
    closeConnection: closeConnection === true,
    blockMs: blockConnection === true ? Number(blockTimeMS ?? 0) : 0,
    error:
      errorCode === undefined
        ? undefined
        : new CommandError(Number(errorCode), "Failing command via 'failCommand' failpoint", labels),
    writeConcernError: writeConcernError as Document | undefined,
  };
}
