import type { IndexDefinition, IndexSpec } from '../catalog/index-definition.ts';
import { CommandError } from '../errors.ts';
import { show } from '../query/value-types.ts';

/** How an index that is asked for stands to one that there is. */
type Likeness = 'same' | 'equivalent' | 'different';

/** What tells indexes on the same key from each other; all other options make an equivalent index of other options. */
const IDENTITY = ['key', 'collation', 'partialFilterExpression', 'unique', 'sparse'] as const;
const NOT_COMPARED: ReadonlySet<string> = new Set([
  'v',
  'name',
  'background',
  'hidden',
  'building',
  'textIndexVersion',
  ...IDENTITY,
]);

function likeness(asked: IndexSpec, existing: IndexSpec): Likeness {
  const differs = (option: string): boolean => !isSame(asked[option], existing[option]);
  if (IDENTITY.some(differs)) return 'different';
  const others = new Set(
    [...Object.keys(asked), ...Object.keys(existing)].filter((option) => !NOT_COMPARED.has(option)),
  );
  return [...others].some(differs) ? 'equivalent' : 'same';
}

function isSame(a: unknown, b: unknown): boolean {
  // False is what an option is when it is missing.
  return show(a === false ? undefined : a) === show(b === false ? undefined : b);
}

/**
 * The index that makes an asked one needless.
 * @throws IndexKeySpecsConflict (86), IndexOptionsConflict (85) where one stands in its way
 */
export function findSameIndex(asked: IndexSpec, indexes: readonly IndexDefinition[]): IndexDefinition | undefined {
  const shown = (existing: IndexSpec): string =>
    `Requested index: ${show(asked)}, existing index: ${show(listedSpec(existing))}`;
  const named = indexes.find(({ name }) => name === asked.name);
  if (named !== undefined) {
    const like = likeness(asked, named.spec);
    if (like === 'same') return named;
    if (like === 'different') {
      throw new CommandError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. ${shown(named.spec)}`,
      );
    }
    throw new CommandError(
      'IndexOptionsConflict',
      `An equivalent index already exists with the same name but different options. ${shown(named.spec)}`,
    );
  }
  const equal = indexes.find(({ spec }) => likeness(asked, spec) !== 'different');
  if (equal === undefined) return undefined;
  if (likeness(asked, equal.spec) === 'same') {
    throw new CommandError('IndexOptionsConflict', `Index already exists with a different name: ${equal.name}`);
  }
  throw new CommandError(
    'IndexOptionsConflict',
    `An equivalent index already exists with a different name and options. ${shown(equal.spec)}`,
  );
}

/** A specification as clients see it: without what the server notes of a build. */
export function listedSpec(spec: IndexSpec): IndexSpec {
  if (spec.building !== true) return spec;
  return Object.fromEntries(
    Object.entries(spec).filter(([name]) => name !== 'building' && name !== 'hidden'),
  ) as unknown as IndexSpec;
}
