import { parentPort, workerData } from 'node:worker_threads';
import { decode } from '../bson/codec.ts';
import { Catalog } from '../catalog/catalog.ts';
import { CommandError } from '../errors.ts';
import { Operation } from '../plan/operation.ts';
import { Store } from '../storage/store.ts';
import { Aggregation, type AggregationSpec } from './aggregation.ts';
import { AggregationStream } from './aggregation-stream.ts';
import {
  joinDocuments,
  type ReportedError,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSettings,
} from './protocol.ts';

/** A thread that runs aggregations over snapshots of the store; it never writes. */
interface Running {
  readonly stream: AggregationStream;
  operation: Operation | undefined;
}

const { storePath, durable } = workerData as WorkerSettings;
const store = new Store({ path: storePath, durable, readOnly: true });
const running = new Map<number, Running>();
/** What could not even be opened is told when the first batch is asked for. */
const failures = new Map<number, unknown>();
let catalog = new Catalog();
let revision = -1;

function open(request: Extract<WorkerRequest, { kind: 'open' }>): void {
  try {
    if (request.revision !== revision) {
      catalog = new Catalog();
      catalog.load(store);
      ({ revision } = request);
    }
    const spec = decode(request.spec) as unknown as AggregationSpec;
    const stream = new AggregationStream(new Aggregation(spec, { view: store, catalog }));
    running.set(request.id, { stream, operation: undefined });
  } catch (error) {
    failures.set(request.id, error);
  }
}

async function next({ id, count, remainingMs }: Extract<WorkerRequest, { kind: 'next' }>): Promise<void> {
  const found = running.get(id);
  try {
    if (failures.has(id)) throw failures.get(id);
    if (found === undefined) throw new CommandError('CursorNotFound', 'cursor not found');
    const operation = new Operation(id);
    if (remainingMs !== Infinity) operation.limitTo(Math.max(1, remainingMs));
    found.operation = operation;
    const documents = await found.stream.next(count, operation);
    const bytes = joinDocuments(documents);
    reply({ kind: 'batch', id, bytes, isDone: found.stream.isDone }, [bytes.buffer]);
  } catch (error) {
    running.delete(id);
    failures.delete(id);
    reply({ kind: 'error', id, error: reported(error) });
  }
}

function close({ id }: Extract<WorkerRequest, { kind: 'close' }>): void {
  running.get(id)?.operation?.interrupt(new CommandError('Interrupted', 'operation was interrupted'));
  running.delete(id);
  failures.delete(id);
  reply({ kind: 'closed', id });
}

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function reported(error: unknown): ReportedError {
  if (error instanceof CommandError) return { code: error.code, message: error.message, details: error.details };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    details: {},
  };
}

parentPort?.on('message', (request: WorkerRequest) => {
  if (request.kind === 'open') open(request);
  else if (request.kind === 'close') close(request);
  else void next(request);
});

reply({ kind: 'ready' });
