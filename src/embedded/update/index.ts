export { compileUpdate, touchedPaths } from './compile.ts';
export type { AppliedUpdate, ApplyContext, CompiledUpdate, UpdateKind, UpdateOptions } from './compile.ts';
export type { Compare, MatcherFactory } from './modifier-options.ts';
export { upsertDocument } from './upsert.ts';
