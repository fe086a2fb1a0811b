import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { bringsDocuments, compileForeign } from './foreign.ts';
import { namedStage, type CompileStage } from './stage.ts';

interface Union {
  readonly from: string | undefined;
  readonly pipeline: readonly Document[];
}

function parse(argument: unknown): Union {
  if (typeof argument === 'string') return { from: argument, pipeline: [] };
  if (!isObject(argument)) {
    throw new CommandError(
      'FailedToParse',
      `the $unionWith stage specification must be an object or string, but found ${typeof argument}`,
    );
  }
  refuseUnknown(argument);
  const { coll, pipeline = [] } = argument;
  if (coll !== undefined && typeof coll !== 'string') throw wrongType('coll', 'string');
  const stages = pipelineOf(pipeline);
  if (coll === undefined && !bringsDocuments(stages)) {
    throw new CommandError(
      'FailedToParse',
      '$unionWith stage without explicit collection must have a pipeline with $documents as first stage',
    );
  }
  return { from: coll, pipeline: stages };
}

function refuseUnknown(argument: Document): void {
  for (const name of Object.keys(argument)) {
    if (name === 'coll' || name === 'pipeline') continue;
    throw new CommandError(40415, `BSON field '$unionWith.${name}' is an unknown field.`);
  }
}

function wrongType(name: string, expected: string): CommandError {
  return new CommandError(
    'TypeMismatch',
    `BSON field '$unionWith.${name}' is the wrong type, expected type '${expected}'`,
  );
}

function pipelineOf(pipeline: unknown): readonly Document[] {
  if (!Array.isArray(pipeline)) throw wrongType('pipeline', 'array');
  for (const stage of pipeline) {
    const [name] = namedStage(stage);
    if (name === '$out' || name === '$merge') {
      throw new CommandError(31441, `${name} is not allowed within a $unionWith's sub-pipeline`);
    }
  }
  return pipeline as Document[];
}

export const unionWith: CompileStage = (argument, context) => {
  const { from, pipeline } = parse(argument);
  const foreign = compileForeign(from === undefined ? undefined : `${context.database}.${from}`, pipeline, context);
  return () => ({
    add: (document, emit) => {
      emit(document);
    },
    finish: () => foreign.run(),
  });
};
