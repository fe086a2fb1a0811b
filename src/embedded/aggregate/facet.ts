import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isObject, setField } from '../query/value-types.ts';
import { namedStage, type CompileStage } from './stage.ts';

const NOT_INSIDE: ReadonlySet<string> = new Set([
  '$collStats',
  '$currentOp',
  '$documents',
  '$facet',
  '$geoNear',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$merge',
  '$out',
  '$planCacheStats',
]);

/** Several pipelines over the same documents, each fed as they come: the input is not kept. */
export const facet: CompileStage = (argument, context) => {
  if (!isObject(argument) || Object.keys(argument).length === 0) {
    throw new CommandError(40169, 'the $facet specification must be a non-empty object');
  }
  const pipelines = Object.entries(argument).map(([name, stages]) => {
    checkName(name);
    return [name, context.compile(checkPipeline(name, stages), context)] as const;
  });
  return () => {
    const runs = pipelines.map(([name, pipeline]) => ({ name, run: pipeline.start(), found: [] as Document[] }));
    return {
      add: (document) => {
        for (const { run, found } of runs) {
          if (run.isFull) continue;
          run.push(document);
          for (const made of run.take()) found.push(made);
        }
      },
      get isFull() {
        return runs.every(({ run }) => run.isFull);
      },
      *finish() {
        const result: Document = {};
        for (const { name, run, found } of runs) {
          for (const document of run.rest()) found.push(document);
          setField(result, name, found);
        }
        yield result;
      },
    };
  };
};

function checkName(name: string): void {
  if (name === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  if (name.startsWith('$'))
    throw new CommandError(
      16410,
      "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
    );
  if (name.includes('.'))
    throw new CommandError(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.");
}

function checkPipeline(name: string, stages: unknown): unknown[] {
  if (!Array.isArray(stages)) {
    throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is type ${typeof stages}`);
  }
  for (const stage of stages) {
    const [stageName] = namedStage(stage);
    if (NOT_INSIDE.has(stageName)) {
      throw new CommandError(40600, `${stageName} is not allowed to be used within a $facet stage`);
    }
  }
  return stages;
}
