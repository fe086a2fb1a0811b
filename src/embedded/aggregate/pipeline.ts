import { CommandError, notSupported, searchNotEnabled } from '../errors.ts';
import { limitOf, skipOf, sortStage } from './basic-stages.ts';
import { CompiledPipeline } from './pipeline-run.ts';
import { namedStage, type StageContext } from './stage.ts';
import { STAGES } from './stages.ts';

/** Stages that only a real MongoDB has. */
const FOREIGN_STAGES: ReadonlySet<string> = new Set([
  '$geoNear',
  '$shardedDataDistribution',
  '$changeStreamSplitLargeEvent',
  '$rankFusion',
  '$scoreFusion',
  '$queryStats',
]);

const SEARCH_STAGES: ReadonlySet<string> = new Set(['$search', '$searchMeta', '$vectorSearch', '$listSearchIndexes']);

/** Stages that must come first. */
const FIRST_STAGES: ReadonlySet<string> = new Set([
  '$collStats',
  '$indexStats',
  '$currentOp',
  '$documents',
  '$planCacheStats',
  '$listSessions',
  '$listLocalSessions',
]);

const LAST_STAGES: ReadonlySet<string> = new Set(['$out', '$merge']);

/**
 * Checks which stages stand where.
 * @throws CommandError 40323, 40324 (no such stage), 40601 (must be last), 40602 (must be first), 40573 (`$changeStream`)
 */
export function checkStages(stages: readonly unknown[]): void {
  stages.forEach((stage, position) => {
    const [name] = namedStage(stage);
    if (name === '$changeStream') throw notSupported('The $changeStream stage', 40573);
    if (SEARCH_STAGES.has(name)) throw searchNotEnabled(name);
    if (FOREIGN_STAGES.has(name)) throw notSupported(`The stage ${name}`);
    if (FIRST_STAGES.has(name) && position > 0) {
      throw new CommandError(40602, `${name} is only valid as the first stage in a pipeline.`);
    }
    if (LAST_STAGES.has(name)) {
      if (position < stages.length - 1) {
        throw new CommandError(40601, `${name} can only be the final stage in the pipeline`);
      }
    } else if (!FIRST_STAGES.has(name) && !Object.hasOwn(STAGES, name)) {
      throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
    }
  });
}

/** Compiles stages that neither bring their own documents nor write any. */
export function compilePipeline(stages: readonly unknown[], context: StageContext): CompiledPipeline {
  checkStages(stages);
  const named = stages.map(namedStage);
  return new CompiledPipeline(
    named.map(([name, argument], position) => {
      if (name === '$sort') return sortStage(argument, context, mostAfter(named.slice(position + 1)));
      const compile = STAGES[name];
      if (compile === undefined)
        throw new CommandError(40602, `${name} is only valid as the first stage in a pipeline.`);
      return compile(argument, context);
    }),
  );
}

/** How many documents at most the stages behind a sort will take, so that it need not keep more. */
function mostAfter(stages: readonly (readonly [string, unknown])[]): number {
  let skipped = 0;
  for (const [name, argument] of stages) {
    if (name === '$limit') return skipped + limitOf(argument);
    if (name === '$skip') skipped += skipOf(argument);
    else if (!ONE_TO_ONE.has(name)) break;
  }
  return Infinity;
}

/** Stages that give one document for each, in the same order. */
const ONE_TO_ONE: ReadonlySet<string> = new Set([
  '$addFields',
  '$project',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$unset',
]);

/** What a pipeline of a command is compiled for. */
export function stageContext(given: Omit<StageContext, 'compile'>): StageContext {
  return { ...given, compile: compilePipeline };
}
