import { Router, urlencoded, type Request, type Response } from 'express';

/** A request that some provider sends, as a form, to say what has happened there. */
export interface CallbackRequest {
  /** The URL that the provider was told, which is what it signs. */
  readonly url: string;
  readonly params: Readonly<Partial<Record<string, string>>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly header: (name: string) => string | undefined;
}

/** Something that others call, without a token of ours: each proves by itself who is calling. */
export interface Callback {
  /** Below `/callbacks`. */
  readonly path: `/${string}`;
  /**
   * Answers with a page, or with nothing. Whatever it does must be harmless to repeat: providers send everything again that was not answered in time.
   */
  readonly handle: (request: CallbackRequest) => Promise<string | undefined>;
  /** What people see who open its address in a browser. Must change nothing. */
  readonly page?: (request: CallbackRequest) => string;
}

const MAX_FORM_BYTES = 16 * 1_024;
const MAX_FIELDS = 100;

/**
 * Binds callbacks to Express. To be placed at `/callbacks`, before the parser of JSON, which refuses forms, and before
 * the limits by address: all receipts of a day come from a few addresses. What each costs before it is proven is a hash.
 */
export function callbackEndpoints(callbacks: readonly Callback[], publicUrl: string): Router {
  const router = Router();
  const form = urlencoded({ extended: false, limit: MAX_FORM_BYTES, parameterLimit: MAX_FIELDS });
  for (const { path, handle, page } of callbacks) {
    router.post(path, form, async (req, res) => {
      answer(res, await handle(requestOf(req, publicUrl)));
    });
    if (page === undefined) continue;
    router.get(path, (req, res) => {
      answer(res, page(requestOf(req, publicUrl)));
    });
  }
  return router;
}

function requestOf(req: Request<Record<string, string>>, publicUrl: string): CallbackRequest {
  return {
    // Behind proxies the request tells another scheme and host than the one called.
    url: publicUrl + req.originalUrl,
    params: req.params,
    fields: fieldsOf(req.body),
    header: (name) => req.get(name),
  };
}

function answer(res: Response, page: string | undefined): void {
  res.set('Cache-Control', 'no-store');
  if (page === undefined) res.status(204).end();
  else res.type('html').send(page);
}

/** A field that is named twice is none that a provider has sent. */
function fieldsOf(body: unknown): Readonly<Record<string, string>> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
