import { z } from 'zod';
import { invalidFields } from './problems.ts';

type Query = Readonly<Record<string, unknown>>;
type Card = Readonly<Record<string, unknown>>;

/**
 * The fields that `?fields=` may choose of an answer: those of a page's cards, or of the object itself.
 * @throws Error when the schema is neither: then the endpoint cannot be narrowed.
 */
export function fieldsOf(output: z.ZodType): readonly string[] {
  const shape = shapeOf(output);
  const cards = shape?.data instanceof z.ZodArray ? shapeOf(shape.data.element) : shape;
  if (cards === undefined) throw new Error('An endpoint that can be narrowed answers with an object or a page of them');
  return Object.keys(cards);
}

/** Takes `?fields=a,b` out of a query, where an endpoint knows of fields to choose; `chosen` undefined means all. */
export function takeFields(
  query: Query,
  known: readonly string[],
): { query: Query; chosen: readonly string[] | undefined } {
  if (known.length === 0) return { query, chosen: undefined };
  const { fields, ...rest } = query;
  return { query: rest, chosen: fields === undefined ? undefined : parseFields(fields, known) };
}

function parseFields(sent: unknown, known: readonly string[]): readonly string[] {
  const asked = typeof sent === 'string' ? sent.split(',').map((field) => field.trim()) : [];
  if (asked.length > 0 && asked.every((field) => known.includes(field))) return asked;
  const message = `must be some of: ${known.join(', ')}`;
  throw invalidFields([{ path: 'query.fields', message }]);
}

/** Keeps the chosen fields of an answer, and its `id`, without which nothing can be done with it. */
export function narrow(answer: unknown, fields: readonly string[]): unknown {
  const keep = (card: Card) =>
    Object.fromEntries(Object.entries(card).filter(([key]) => key === 'id' || fields.includes(key)));
  const page = answer as { readonly data?: unknown };
  return Array.isArray(page.data) ? { ...page, data: (page.data as Card[]).map(keep) } : keep(answer as Card);
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return schema instanceof z.ZodObject ? schema.shape : undefined;
}
