import { decode, rawField, type Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import { explainQuery, type Verbosity } from '../plan/explain.ts';
import { Query } from '../plan/query.ts';
import { requestedCollation } from '../query/collation.ts';
import { okReply } from '../server/reply.ts';
import { explainAggregate } from './aggregate.ts';
import { collectionOf, namespaceOf, viewOf, type Command, type CommandContext } from './context.ts';
import { countQuery, distinctQuery } from './count.ts';
import { queryOf } from './find.ts';
import type { Collection } from '../catalog/collection.ts';

const VERBOSITIES: ReadonlySet<unknown> = new Set(['queryPlanner', 'executionStats', 'allPlansExecution']);

export const explain: Command = async (context) => {
  const inner = innerContext(context);
  const verbosity = (context.body.verbosity ?? 'allPlansExecution') as Verbosity;
  if (!VERBOSITIES.has(verbosity)) {
    throw new CommandError(
      'FailedToParse',
      "verbosity string must be one of {'queryPlanner', 'executionStats', 'allPlansExecution'}",
    );
  }
  const explained = await explanationOf(inner, verbosity);
  return okReply({ ...explained, command: inner.body, serverInfo: serverInfo(context), serverParameters: {} });
};

/** The command to be explained, as if it had come by itself. */
function innerContext(context: CommandContext): CommandContext {
  const { request } = context;
  const field = rawField(request.rawBody, 'explain');
  const rawBody = field?.bytes;
  if (rawBody === undefined || typeof context.body.explain !== 'object') {
    throw new CommandError('TypeMismatch', "BSON field 'explain.explain' is the wrong type, expected type 'object'");
  }
  const body = decode(rawBody);
  const [name = ''] = Object.keys(body);
  const inner = { ...requestParts(context), name, body, rawBody: Buffer.from(rawBody) };
  return { ...context, body, request: inner };
}

function requestParts({ request }: CommandContext): Omit<CommandContext['request'], 'body' | 'name' | 'rawBody'> {
  const { requestId, database, sequences, moreToCome, exhaustAllowed, connection } = request;
  return { requestId, database, sequences, moreToCome, exhaustAllowed, connection };
}

type Explain = (context: CommandContext, collection: Collection) => Query;

const EXPLAINED: Readonly<Record<string, Explain>> = {
  find: queryOf,
  count: countQuery,
  distinct: distinctQuery,
  update: (context, collection) => statementQuery(context, collection, 'updates'),
  delete: (context, collection) => statementQuery(context, collection, 'deletes'),
  findAndModify: (context, collection) => filterQuery(context, collection, context.body),
};

async function explanationOf(context: CommandContext, verbosity: Verbosity): Promise<Document> {
  const { name } = context.request;
  if (name === 'aggregate') return explainAggregate(context, verbosity);
  const toQuery = EXPLAINED[name];
  if (toQuery === undefined)
    throw new CommandError('CommandNotFound', `Explain failed due to unknown command: ${name}`);
  const collection = collectionOf(context);
  if (collection === undefined) return missing(namespaceOf(context), context.body);
  const query = toQuery(context, collection);
  const explained = await explainQuery(query, verbosity, context.operation);
  return name === 'count' ? withCount(explained) : explained;
}

/** Counting is a stage of its own above the others. */
function withCount(explained: Document): Document {
  const planner = explained.queryPlanner as Document;
  return {
    ...explained,
    queryPlanner: { ...planner, winningPlan: { stage: 'COUNT', inputStage: planner.winningPlan } },
  };
}

function statementQuery(context: CommandContext, collection: Collection, field: string): Query {
  const [statement = {}] = (context.body[field] ?? []) as Document[];
  return filterQuery(context, collection, { ...statement, query: statement.q });
}

function filterQuery(
  context: CommandContext,
  collection: Collection,
  { query, sort, hint, collation }: Document,
): Query {
  return new Query(viewOf(context), collection, {
    filter: (query ?? {}) as Document,
    sort: sort as Document | undefined,
    hint,
    collation: requestedCollation(collation),
  });
}

function missing(namespace: string, { filter, query }: Document): Document {
  const parsedQuery = filter ?? query ?? {};
  return {
    explainVersion: '1',
    queryPlanner: { namespace, indexFilterSet: false, parsedQuery, winningPlan: { stage: 'EOF' }, rejectedPlans: [] },
    executionStats: {
      executionSuccess: true,
      nReturned: 0,
      executionTimeMillis: 0,
      totalKeysExamined: 0,
      totalDocsExamined: 0,
      executionStages: { stage: 'EOF', nReturned: 0 },
    },
  };
}

function serverInfo({ services }: CommandContext): Document {
  return { host: services.address.host, port: services.address.port, version: '7.0.14', gitVersion: 'embedded' };
}
