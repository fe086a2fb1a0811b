export { compileUpdate } from './compile.ts';
export type { CompiledUpdate } from './compile.ts';
export { upsertDocument } from './upsert.ts';
