import type { Document } from '../bson/codec.ts';
import type { UpdatePath } from './path.ts';
import type { Modifier } from './tree.ts';

/** Compiles a filter; the test receives documents in the typed form. */
export type MatcherFactory = (filter: Document) => (document: Document) => boolean;

/** Orders two values as MongoDB does: negative, 0 or positive. */
export type Compare = (left: unknown, right: unknown) => number;

/** What modifiers are compiled with. */
export interface ModifierOptions {
  readonly matcher: MatcherFactory;
  /** Under a collation, strings compare by it. */
  readonly compare: Compare;
  readonly now: Date;
}

/** Reads the argument of an operator for one path. @throws MongoDB's error for a bad argument */
export type ModifierParser = (path: UpdatePath, operand: unknown, options: ModifierOptions) => Modifier;
