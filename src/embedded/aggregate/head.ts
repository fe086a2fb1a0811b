import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { limitOf, skipOf } from './basic-stages.ts';
import { namedStage } from './stage.ts';

/** A pipeline split into what a query can answer and what remains to be done with its documents. */
export interface Head {
  readonly filter: Document;
  readonly sort: Document | undefined;
  /** 0 for none. */
  readonly skip: number;
  /** 0 for all. */
  readonly limit: number;
  readonly rest: readonly Document[];
}

class HeadBuilder {
  readonly #filters: Document[] = [];
  #sort: Document | undefined;
  #skip = 0;
  #limit = Infinity;

  /** @returns false where the stage does not fit: it and what follows are not the query's */
  take(name: string, argument: unknown): boolean {
    switch (name) {
      case '$match':
        return this.#match(argument);
      case '$sort':
        return this.#order(argument);
      case '$skip':
        return this.#pass(skipOf(argument));
      case '$limit':
        this.#limit = Math.min(this.#limit, limitOf(argument));
        return true;
      default:
        return false;
    }
  }

  build(rest: readonly Document[]): Head {
    const [first = {}, ...others] = this.#filters;
    const filter = others.length === 0 ? first : { $and: this.#filters };
    return { filter, sort: this.#sort, skip: this.#skip, limit: this.#limit === Infinity ? 0 : this.#limit, rest };
  }

  get #isCut(): boolean {
    return this.#skip > 0 || this.#limit < Infinity;
  }

  #match(argument: unknown): boolean {
    if (!isObject(argument)) throw new CommandError(15959, 'the match filter must be an expression in an object');
    if (this.#isCut || (this.#filters.length > 0 && hasText(argument))) return false;
    if (Object.keys(argument).length > 0) this.#filters.push(argument);
    return true;
  }

  #order(argument: unknown): boolean {
    if (this.#isCut || this.#sort !== undefined || !isObject(argument) || Object.keys(argument).length === 0)
      return false;
    this.#sort = argument;
    return true;
  }

  #pass(count: number): boolean {
    if (this.#limit - count <= 0) return false;
    this.#skip += count;
    this.#limit -= count;
    return true;
  }
}

function hasText(filter: Document): boolean {
  return Object.entries(filter).some(
    ([name, value]) =>
      name === '$text' ||
      (name === '$and' && Array.isArray(value) && value.some((part) => isObject(part) && hasText(part))),
  );
}

/** Takes leading `$match`, `$sort`, `$skip` and `$limit` off a pipeline. */
export function splitHead(stages: readonly Document[]): Head {
  const builder = new HeadBuilder();
  let taken = 0;
  for (const stage of stages) {
    const [name, argument] = namedStage(stage);
    if (!builder.take(name, argument)) break;
    taken += 1;
  }
  return builder.build(stages.slice(taken));
}
