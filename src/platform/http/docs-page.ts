import { escapeHtml } from '../../shared/html.ts';
import type { Permission } from './endpoint.ts';
import type { OpenApiDocument } from './openapi.ts';

type PathItem = NonNullable<OpenApiDocument['paths']>[string];
type Operation = NonNullable<PathItem['get']>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
  h2 { margin-top: 2.5rem; text-transform: capitalize } h3 { font-size: 1rem; margin: 1rem 0 .25rem }
  details { border: 1px solid #d5dae1; border-radius: .4rem; margin: .4rem 0; padding: .4rem .8rem }
  summary { cursor: pointer } summary code { font-weight: 600 }
  .method { display: inline-block; min-width: 4.2rem; font: 700 .8rem monospace; text-transform: uppercase }
  .get { color: #0b62c4 } .post { color: #12733a } .put, .patch { color: #8a5200 } .delete { color: #b3261e }
  pre { background: #f3f5f8; padding: .7rem; border-radius: .4rem; overflow: auto; font-size: .85rem }
  table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: top }
  @media (prefers-color-scheme: dark) { body { color: #e4e7ec; background: #14171c } pre { background: #1e232b } details { border-color: #39414d } a { color: #7db4ff } }
`;

/** A page that explains the API to a reader: one file of HTML without script, font or image from elsewhere. */
export function docsPage(document: OpenApiDocument): string {
  const { title, version } = document.info;
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) => routesOf(path, item));
  const groups = Map.groupBy(routes, ({ operation }) => operation.tags?.[0] ?? 'other');
  const schemas = Object.entries(document.components?.schemas ?? {});
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)} <small>${escapeHtml(version)}</small></h1>
<p>Base path <code>/api</code>. Sign in for a bearer token, or send an API key of a store in its place. The same as a document: <a href="/openapi.json">openapi.json</a>.</p>
${Array.from(groups, ([tag, members]) => `<h2>${escapeHtml(tag)}</h2>${members.map(renderRoute).join('')}`).join('')}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => `<details id="${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary>${renderJson(schema)}</details>`).join('')}
</body></html>`;
}

function routesOf(path: string, item: PathItem): Route[] {
  return METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ method, path, operation }];
  });
}

function renderRoute({ method, path, operation }: Route): string {
  const { operationId = '', summary = '', parameters = [], requestBody, responses } = operation;
  return `<details id="${escapeHtml(operationId)}"><summary><span class="method ${method}">${method}</span>
<code>${escapeHtml(path)}</code> ${escapeHtml(summary)}</summary>
<p>For ${escapeHtml(whoMay(operation))}.</p>
${parameters.length > 0 ? `<h3>Parameters</h3><table>${parameters.map(renderParameter).join('')}</table>` : ''}
${requestBody !== undefined ? `<h3>Body</h3>${renderContent(requestBody)}` : ''}
<h3>Answers</h3><table>${Object.entries(responses ?? {})
    .map(renderResponse)
    .join('')}</table>
<h3>Try it</h3><pre>${escapeHtml(curl(method, path, operation))}</pre></details>`;
}

function whoMay(operation: Operation): string {
  const permission = (operation as { readonly 'x-permission': Permission })['x-permission'];
  if (permission.scope === 'public') return 'everybody';
  if (permission.scope === 'user') return 'a signed-in user';
  if (permission.scope === 'system') return `the platform's own people, as ${permission.role}`;
  const people = `a merchant's people, from ${permission.role} up`;
  return permission.apiKey === null ? people : `${people}, and API keys with the right ${permission.apiKey}`;
}

function renderParameter(parameter: object): string {
  if (!('name' in parameter)) return '';
  const { name, in: place, required, schema } = parameter as Readonly<Record<string, unknown>>;
  return `<tr><td><code>${escapeHtml(String(name))}</code></td><td>${escapeHtml(String(place))}${required === true ? ', required' : ''}</td><td><code>${escapeHtml(JSON.stringify(schema ?? {}))}</code></td></tr>`;
}

function renderResponse([status, response]: [string, { readonly description?: string }]): string {
  const description = response.description ?? '';
  // A failure's description is the list of its codes, and each code has its page.
  const text = Number(status) < 400 ? escapeHtml(description) : description.split(', ').map(renderCode).join(', ');
  return `<tr><td><code>${escapeHtml(status)}</code></td><td>${text}${Number(status) < 400 ? renderContent(response) : ''}</td></tr>`;
}

const renderCode = (code: string): string => `<a href="/problems/${encodeURIComponent(code)}">${escapeHtml(code)}</a>`;

function renderContent(holder: object): string {
  const content =
    'content' in holder ? (holder.content as Readonly<Record<string, { readonly schema?: unknown }>>) : {};
  return Object.values(content)
    .map(({ schema }) => renderJson(schema))
    .join('');
}

function renderJson(value: unknown): string {
  if (value === undefined) return '';
  const text = escapeHtml(JSON.stringify(value, null, 2));
  const linked = text.replaceAll(/#\/components\/schemas\/([\w-]+)/g, '<a href="#$1">$1</a>');
  return `<pre>${linked}</pre>`;
}

function curl(method: string, path: string, { security = [], requestBody, parameters = [] }: Operation): string {
  const demandsKey = parameters.some((parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key');
  return [
    `curl -X ${method.toUpperCase()} http://127.0.0.1:3000/api${path}`,
    ...(security.length > 0 ? ["-H 'Authorization: Bearer <token>'"] : []),
    ...(demandsKey ? ["-H 'Idempotency-Key: <new per intent>'"] : []),
    ...(requestBody !== undefined ? ["-H 'Content-Type: application/json' -d '{…}'"] : []),
  ].join(' \\\n  ');
}
