import { CommandError } from '../errors.ts';
import { compileMatcher } from '../query/matcher.ts';
import { isObject, isRegex, show, type Fields } from '../query/value-types.ts';
import { isOperators } from '../plan/predicates.ts';

/** What the filter of a partial index may be made of. Source: index_catalog_impl.cpp of MongoDB 7.0. */
const ALLOWED_OPERATORS: ReadonlySet<string> = new Set(['$eq', '$in', '$gt', '$gte', '$lt', '$lte', '$type']);

/**
 * @throws CannotCreateIndex (67) for an operator that a partial index may not have; what `compileMatcher` throws for
 * what is no filter at all
 */
export function checkPartialFilter(filter: Fields): void {
  compileMatcher(filter);
  checkFilter(filter);
}

function checkFilter(filter: Fields): void {
  for (const [name, value] of Object.entries(filter)) {
    if (name === '$and' || name === '$or') for (const clause of value as Fields[]) checkFilter(clause);
    else if (name.startsWith('$')) throw unsupported({ [name]: value });
    else checkCondition(name, value);
  }
}

function checkCondition(path: string, condition: unknown): void {
  if (isRegex(condition)) throw unsupported({ [path]: condition });
  if (!isOperators(condition)) return;
  for (const [operator, operand] of Object.entries(condition)) {
    const isAllowed =
      operator === '$exists'
        ? operand === true || operand === 1
        : ALLOWED_OPERATORS.has(operator) && !hasRegex(operand);
    if (!isAllowed) throw unsupported({ [path]: { [operator]: operand } });
  }
}

function hasRegex(operand: unknown): boolean {
  return Array.isArray(operand) && operand.some((value) => isRegex(value) && !isObject(value));
}

function unsupported(expression: Fields): CommandError {
  return new CommandError('CannotCreateIndex', `Expression not supported in partial index: ${show(expression)}`);
}
