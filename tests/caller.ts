import { randomUUID } from 'node:crypto';

type Answer = Readonly<Record<string, unknown>>;

/** Somebody who calls the API over the network, signed in or not. */
export class Caller {
  readonly #url: string;
  #token: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async signUp(email: string, name: string): Promise<void> {
    const password = `${randomUUID()} of ${name}`;
    await this.post('/auth/sign-up', { email, password, name });
    const { accessToken } = await this.post('/auth/sign-in', { email, password });
    this.#token = String(accessToken);
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path);
  }

  post(path: string, body?: object): Promise<Answer> {
    return this.#send('POST', path, body);
  }

  put(path: string, body: object): Promise<Answer> {
    return this.#send('PUT', path, body);
  }

  /** @throws Error with the problem for whatever is no success. */
  async #send(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${this.#url}/api${path}`, {
      method,
      headers: {
        'Idempotency-Key': randomUUID(),
        ...(this.#token !== undefined && { Authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Answer);
  }
}
