import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Request } from '../server/request.ts';

interface FailPoint {
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
  /** Labels that stand instead of those that the failure would have. */
  readonly labels: readonly string[] | undefined;
}

const NAMES: ReadonlySet<string> = new Set(['failCommand', 'onPrimaryTransactionalWrite']);

/** MongoDB's fail points, by which tests make commands fail on purpose. */
export class FailPoints {
  readonly #points = new Map<string, FailPoint>();

  /** @param mode 'off', 'alwaysOn', `{ times }` or `{ skip }` */
  configure(name: string, mode: unknown, data: Document): void {
    if (!NAMES.has(name)) throw new CommandError('FailPointSetFailed', `${name} not found`);
    const { times, skip } = (typeof mode === 'object' && mode !== null ? mode : {}) as {
      times?: number;
      skip?: number;
    };
    if (mode === 'off' || times === 0) this.#points.delete(name);
    else this.#points.set(name, { remaining: times ?? Infinity, skip: skip ?? 0, data });
  }

  /** What happens to this command; `undefined` for nothing. */
  take(request: Request): Failure | undefined {
    const point = this.#points.get('failCommand');
    if (point === undefined || !isMeant(point.data, request) || !this.#fires('failCommand', point)) return undefined;
    return failureOf(point.data);
  }

  /**
   * Happens to one statement of a retryable write: by default its client hears no answer, though it takes effect.
   * @throws CommandError where the statement must not take effect
   */
  takeStatement({ connection }: Pick<Request, 'connection'>): void {
    const name = 'onPrimaryTransactionalWrite';
    const point = this.#points.get(name);
    if (point === undefined || !this.#fires(name, point)) return;
    const { closeConnection, failBeforeCommitExceptionCode } = point.data;
    if (closeConnection !== false) connection.destroy();
    if (failBeforeCommitExceptionCode === undefined) return;
    throw new CommandError(Number(failBeforeCommitExceptionCode), `Failing write due to fail point ${name}`);
  }

  #fires(name: string, point: FailPoint): boolean {
    if (point.skip > 0) {
      point.skip -= 1;
      return false;
    }
    point.remaining -= 1;
    if (point.remaining <= 0) this.#points.delete(name);
    return true;
  }
}

/** Commands that have two names: a fail point on one is meant for both. */
const ALIASES: Readonly<Record<string, string>> = {
  isMaster: 'ismaster',
  ismaster: 'isMaster',
  findAndModify: 'findandmodify',
  findandmodify: 'findAndModify',
};

function isMeant(data: Document, request: Request): boolean {
  const { failCommands, appName, namespace } = data;
  if (request.name === 'configureFailPoint' || !Array.isArray(failCommands)) return false;
  if (!failCommands.includes(request.name) && !failCommands.includes(ALIASES[request.name])) return false;
  if (namespace !== undefined && namespace !== `${request.database}.${String(request.body[request.name])}`)
    return false;
  return appName === undefined || appName === applicationOf(request);
}

/** The first hello of a connection tells the name itself. */
function applicationOf({ connection, body }: Request): string | undefined {
  const client = connection.client ?? (body.client as Document | undefined);
  return (client?.application as { name?: string } | undefined)?.name;
}

function failureOf(data: Document): Failure {
  const { closeConnection, errorCode, errorLabels, blockConnection, blockTimeMS, writeConcernError } = data;
  const labels = Array.isArray(errorLabels) ? (errorLabels as string[]) : undefined;
  return {
    closeConnection: closeConnection === true,
    blockMs: blockConnection === true ? Number(blockTimeMS ?? 0) : 0,
    error:
      errorCode === undefined
        ? undefined
        : new CommandError(Number(errorCode), "Failing command via 'failCommand' failpoint", labels && { labels }),
    writeConcernError: writeConcernError as Document | undefined,
    labels,
  };
}
