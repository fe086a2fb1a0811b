/**
 * The `Link` header (RFC 8288) of a page that another one follows: the same request, with the cursor of that. undefined
 * for the last page, and for what is no page.
 * @param url the request's own, as it was sent: every other parameter stays
 */
export function nextLinkOf(url: string, result: unknown): string | undefined {
  const cursor = nextCursorOf(result);
  // The host is only there to parse by: a reference without one holds behind every proxy.
  const next = URL.parse(url, 'http://host');
  if (cursor === undefined || next === null) return undefined;
  next.searchParams.set('cursor', cursor);
  return `<${next.pathname}${next.search}>; rel="next"`;
}

function nextCursorOf(result: unknown): string | undefined {
  const { page } = (result ?? {}) as { readonly page?: { readonly nextCursor?: unknown } };
  return typeof page?.nextCursor === 'string' ? page.nextCursor : undefined;
}
