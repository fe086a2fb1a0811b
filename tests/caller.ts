import { randomUUID } from 'node:crypto';

type Answer = Readonly<Record<string, unknown>>;

/** Somebody who calls the API over the network, signed in or not. */
export class Caller {
  readonly #url: string;
  #token: string | undefined;
  #refreshToken = '';

  /** @param token an access token, for somebody who is signed in already */
  constructor(url: string, token?: string) {
    this.#url = url;
    this.#token = token;
  }

  async signUp(email: string, name: string, password = `${randomUUID()} of ${name}`): Promise<void> {
    await this.post('/auth/sign-up', { email, password, name });
    await this.signIn(email, password);
  }

  async signIn(email: string, password: string): Promise<void> {
    const { accessToken, refreshToken } = await this.post('/auth/sign-in', { email, password });
    this.#token = String(accessToken);
    this.#refreshToken = String(refreshToken);
  }

  /** Of the last sign-in. */
  get token(): string | undefined {
    return this.#token;
  }

  get refreshToken(): string {
    return this.#refreshToken;
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

  /** Whatever it answers. */
  ask(method: string, path: string, body?: object, key: string = randomUUID()): Promise<Response> {
    return fetch(`${this.#url}/api${path}`, {
      method,
      headers: {
        'Idempotency-Key': key,
        ...(this.#token !== undefined && { Authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** @throws Error with the problem for whatever is no success. */
  async #send(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.ask(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Answer);
  }
}
