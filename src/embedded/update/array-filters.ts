import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { MatcherFactory } from './modifier-options.ts';
import { formatDocument } from './format.ts';
import { filterIdentifier, isArrayFilterPart } from './path.ts';
import type { UpdatePath } from './path.ts';
import { isDocument } from './values.ts';

type ElementTest = (element: unknown) => boolean;

const IDENTIFIER = /^[a-z][a-zA-Z0-9]*$/;
const LOGICAL = new Set(['$and', '$or', '$nor']);
const IGNORED = new Set(['$comment']);

function parsingFailed(error: CommandError): CommandError {
  return new CommandError(error.code, `Error parsing array filter :: caused by :: ${error.message}`);
}

function* branches(value: unknown): Generator<Document> {
  if (!Array.isArray(value)) return;
  for (const branch of value as unknown[]) if (isDocument(branch)) yield branch;
}

/** The top-level field names that a filter asks for, in its logical branches too. */
function* topLevelNames(filter: Document): Generator<string> {
  for (const [name, value] of Object.entries(filter)) {
    if (IGNORED.has(name)) continue;
    if (LOGICAL.has(name)) {
      for (const branch of branches(value)) yield* topLevelNames(branch);
    } else if (name === '$expr') {
      throw new CommandError('QueryFeatureNotAllowed', '$expr is not allowed in this context');
    } else {
      yield name.split('.', 1)[0] ?? '';
    }
  }
}

function identifierOf(filter: Document): string | undefined {
  let identifier: string | undefined;
  for (const name of topLevelNames(filter)) {
    identifier ??= name;
    if (name !== identifier) {
      throw new CommandError(
        'FailedToParse',
        `Expected a single top-level field name, found '${identifier}' and '${name}'`,
      );
    }
  }
  if (identifier !== undefined && !IDENTIFIER.test(identifier)) {
    throw new CommandError(
      'BadValue',
      `The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${identifier}'`,
    );
  }
  return identifier;
}

function parseFilter(filter: Document, matcher: MatcherFactory): [string | undefined, ElementTest] {
  try {
    const matches = matcher(filter);
    const identifier = identifierOf(filter);
    return [identifier, (element) => matches({ [identifier ?? '']: element })];
  } catch (error) {
    throw error instanceof CommandError ? parsingFailed(error) : error;
  }
}

/** The array filters of one update, by identifier; keeps count of those that paths name. */
export class ArrayFilters {
  readonly #tests = new Map<string, ElementTest>();
  readonly #used = new Set<string>();

  /** @throws FailedToParse, BadValue for filters without a single good identifier, or with one that is taken */
  constructor(filters: readonly Document[], matcher: MatcherFactory) {
    for (const filter of filters) {
      const [identifier, test] = parseFilter(filter, matcher);
      if (identifier === undefined) {
        throw new CommandError(
          'FailedToParse',
          'Cannot use an expression without a top-level field name in arrayFilters',
        );
      }
      if (this.#tests.has(identifier)) {
        throw new CommandError(
          'FailedToParse',
          `Found multiple array filters with the same top-level field name ${identifier}`,
        );
      }
      this.#tests.set(identifier, test);
    }
  }

  /** Checks `$[…]` parts of a path. @throws BadValue where one stands first or has no filter */
  use(path: UpdatePath): void {
    for (const [position, part] of path.parts.entries()) {
      if (!isArrayFilterPart(part)) continue;
      if (position === 0) {
        throw new CommandError(
          'BadValue',
          `Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '${path.dotted}'`,
        );
      }
      const identifier = filterIdentifier(part);
      if (identifier === '') continue;
      if (!this.#tests.has(identifier)) {
        throw new CommandError(
          'BadValue',
          `No array filter found for identifier '${identifier}' in path '${path.dotted}'`,
        );
      }
      this.#used.add(identifier);
    }
  }

  /** @throws FailedToParse where a filter belongs to no path */
  checkAllUsed(update: Document): void {
    for (const identifier of [...this.#tests.keys()].sort()) {
      if (this.#used.has(identifier)) continue;
      throw new CommandError(
        'FailedToParse',
        `The array filter for identifier '${identifier}' was not used in the update ${formatDocument(update)}`,
      );
    }
  }

  /** Whether an array element passes the filter. */
  matches(identifier: string, element: unknown): boolean {
    return this.#tests.get(identifier)?.(element) ?? false;
  }
}
