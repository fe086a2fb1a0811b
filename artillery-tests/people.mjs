import { randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Who calls, written by scripts/load/people.ts before the run. */
const people = JSON.parse(readFileSync(process.env.LOAD_PEOPLE, 'utf8'));

const oneOf = (list) => list[randomInt(list.length)];
const address = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

/** Few stores have most of the visitors. */
const store = () => people.stores[Math.floor(people.stores.length * Math.random() ** 3)];

export async function visitor({ vars }) {
  Object.assign(vars, { address: address(), slug: store(), word: oneOf(people.words) });
}

export async function user(context) {
  await visitor(context);
  Object.assign(context.vars, oneOf(people.users), { key: randomUUID(), nth: randomInt(10) });
}

export async function merchant(context) {
  await visitor(context);
  context.vars.token = oneOf(people.staff);
}

/** Everybody comes from an address of his own, as past a proxy: limits are per address. */
export async function fromAddress(request, { vars }) {
  request.headers = { ...request.headers, 'X-Forwarded-For': vars.address };
}
