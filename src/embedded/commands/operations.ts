import { CommandError } from '../errors.ts';
import { Operation } from '../plan/operation.ts';
import type { Request } from '../server/request.ts';

/** A command that is running, as `currentOp` shows it. */
export interface RunningOperation {
  readonly operation: Operation;
  readonly request: Request;
}

/** The commands that are running now. */
export class Operations {
  readonly #running = new Map<number, RunningOperation>();
  #nextId = 1;
  /** Commands started since the server did, by name. */
  readonly counts = new Map<string, number>();

  start(request: Request): Operation {
    const operation = new Operation(this.#nextId++, request.connection.closed);
    this.#running.set(operation.id, { operation, request });
    this.counts.set(request.name, (this.counts.get(request.name) ?? 0) + 1);
    return operation;
  }

  finish(operation: Operation): void {
    this.#running.delete(operation.id);
  }

  kill(id: number): void {
    this.#running.get(id)?.operation.interrupt(new CommandError('Interrupted', 'operation was interrupted'));
  }

  killWhere(condition: (running: RunningOperation) => boolean): void {
    for (const running of this.#running.values()) if (condition(running)) this.kill(running.operation.id);
  }

  all(): IterableIterator<RunningOperation> {
    return this.#running.values();
  }
}
