import { z } from 'zod';
import type { Endpoint, Feature } from './endpoint.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What breaks the rules that every endpoint keeps and its types cannot say, one line each. A test walks all
 * features with it.
 */
export function reviewEndpoints(features: readonly Feature[]): readonly string[] {
  const endpoints = features.flatMap((feature) => feature.endpoints);
  return [
    ...twice(endpoints.map(({ operationId }) => operationId)),
    ...twice(endpoints.map(({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/:\w+/g, ':id')}`)),
    ...endpoints.flatMap((endpoint) => faultsOf(endpoint).map((fault) => `${endpoint.operationId} ${fault}`)),
  ];
}

function twice(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is declared twice`);
}

function faultsOf(endpoint: Endpoint): string[] {
  const { method, path, input, output, status, idempotent, permission } = endpoint;
  const { params, query, body } = input.shape;
  const inPath = Array.from(path.matchAll(/:(\w+)/g), ([, name]) => name).sort();
  const declared = Object.keys(params?.shape ?? {}).sort();
  const rules: readonly (readonly [broken: boolean, fault: string])[] = [
    [inPath.join() !== declared.join(), 'declares other params than its path holds'],
    [body !== undefined && method === 'get', 'reads the body of a GET'],
    [body !== undefined && isLoose(body), 'takes unknown fields in its body'],
    [query !== undefined && isLoose(query), 'takes unknown fields in its query'],
    [(status === 204) !== output instanceof z.ZodVoid, 'must answer nothing with 204, and 204 with nothing'],
    [streamsAmiss(endpoint), 'streams what is no GET, or is kept'],
    [endpoint.cache !== undefined && method !== 'get', 'caches what is no GET'],
    [endpoint.track !== undefined && endpoint.cache === undefined, 'counts what is seen of an answer that is not kept'],
    [limitsAlike(endpoint), 'has two limits that would share a counter'],
    [idempotent && method !== 'post', 'demands a key for what is no POST'],
    [idempotent && permission.scope === 'public', 'keeps answers for callers that it cannot tell apart'],
  ];
  return rules.filter(([broken]) => broken).map(([, fault]) => fault);
}

const limitsAlike = ({ limits = [] }: Endpoint): boolean => new Set(limits.map(({ per }) => per)).size < limits.length;

const streamsAmiss = (endpoint: Endpoint): boolean =>
  endpoint.streams !== undefined && (endpoint.method !== 'get' || endpoint.cache !== undefined);

/** Whether some object inside of a schema lets pass what it does not name. */
function isLoose(schema: z.ZodType): boolean {
  return hasLooseObject(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function hasLooseObject(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type, properties, additionalProperties } = node as JsonSchema;
  if (type === 'object' && properties !== undefined && additionalProperties !== false) return true;
  return Object.values(node).some(hasLooseObject);
}
