import type { Cache } from '../../platform/cache/cache.ts';
import { cacheKey } from '../../platform/cache/keys.ts';
import { databaseProblems } from '../../platform/database/failures.ts';
import { asOfAnybody } from '../../platform/http/anybody.ts';
import { internalError, timedOut } from '../../platform/http/problems.ts';
import { schemaVersion } from '../../platform/http/schema-version.ts';
import type { Section } from '../../platform/http/section.ts';
import type { Logger } from '../../platform/observability/logger.ts';
import { inTime } from '../../shared/in-time.ts';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import type { RequestContext } from '../../shared/scope.ts';
import { includesRole, isMerchantRole } from '../identity/index.ts';

export interface PrefetchDeps {
  readonly cache: Pick<Cache, 'getOrSet'>;
  readonly logger: Pick<Logger, 'error'>;
}

/** A section as the caller gets it. */
export type Loaded = { readonly data: unknown } | { readonly error: ProblemKind };

/** Loads the sections of a screen side by side: none waits for another, and none takes another with it. */
export class PrefetchService {
  readonly #deps: PrefetchDeps;

  constructor(deps: PrefetchDeps) {
    this.#deps = deps;
  }

  async load(sections: readonly Section[], context: RequestContext): Promise<Readonly<Record<string, Loaded>>> {
    const shown = sections.filter(({ role }) => role === undefined || holds(context.role, role));
    const loaded = await Promise.all(
      shown.map(async (section) => [section.name, await this.#loadOne(section, context)] as const),
    );
    return Object.fromEntries(loaded);
  }

  async #loadOne(section: Section, context: RequestContext): Promise<Loaded> {
    try {
      return { data: await inTime(this.#keptOrLoaded(section, context), section.timeoutMs, tooLate) };
    } catch (error) {
      const { code, status, title } = kindOf(error);
      if (status === internalError.status) this.#deps.logger.error({ error, section: section.name }, 'section failed');
      return { error: { code, status, title } };
    }
  }

  #keptOrLoaded(section: Section, context: RequestContext): Promise<unknown> {
    // Each section is written for the scope of its screen, and the screen's endpoint asks for that.
    if (section.cache === undefined) return section.load(context as never);
    const load = () => section.load(asOfAnybody(context) as never);
    const key = cacheKey(
      { name: `${section.screen}.${section.name}`, version: schemaVersion(section.output) },
      context.scope,
      null,
    );
    return this.#deps.cache.getOrSet(key, load, section.cache(context.scope as never));
  }
}

const holds = (role: string | undefined, least: NonNullable<Section['role']>): boolean =>
  isMerchantRole(role) && includesRole(role, least);

function kindOf(error: unknown): ProblemKind {
  const problem = error instanceof Problem ? error : databaseProblems(error);
  return problem?.kind ?? internalError;
}

const tooLate = (): Problem => new Problem(timedOut, 'The section did not come in time');
