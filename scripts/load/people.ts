import { randomUUID } from 'node:crypto';
import { slugOf } from '../../src/features/catalog/product.rules.ts';
import { demoLogins } from '../seed/people.ts';
import { STORES } from '../seed/words.ts';

/** Who takes part in a run; artillery-tests/people.mjs picks among them. */
export interface Cast {
  readonly users: readonly { readonly email: string; readonly password: string; readonly token: string }[];
  /** Tokens of people of one store. */
  readonly staff: readonly string[];
  readonly stores: readonly string[];
  readonly words: readonly string[];
}

const USERS = 20;
const WORDS = ['coffee', 'wool', 'light', 'garden', 'wood', 'green', 'small', 'book', 'blue', 'steel'];

/** Signs up who buys, and signs in who keeps a store; both by the API, as anybody would. */
export async function castFor(url: string): Promise<Cast> {
  const users: Cast['users'][number][] = [];
  for (let number = 0; number < USERS; number += 1) {
    const [email, password] = [`load-${randomUUID()}@mail.example`, randomUUID()];
    await post(url, '/api/auth/sign-up', { email, password, name: `Load ${String(number)}` });
    users.push({ email, password, token: await signIn(url, email, password) });
  }
  const keepers = demoLogins.filter(({ role }) => role === 'owner' || role === 'manager' || role === 'staff');
  const staff = await Promise.all(keepers.map(({ email, password }) => signIn(url, email, password)));
  return { users, staff, stores: STORES.map(([name]) => slugOf(name)), words: WORDS };
}

async function signIn(url: string, email: string, password: string): Promise<string> {
  return String((await post(url, '/api/auth/sign-in', { email, password })).accessToken);
}

let callers = 0;

async function post(url: string, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  callers += 1;
  const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': `192.0.2.${String(callers % 250)}` };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) {
    const hint = 'the load test needs a system with demo data';
    throw new Error(`POST ${path}: ${String(answer.status)} ${await answer.text()} (${hint})`);
  }
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}
