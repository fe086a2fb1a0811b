import { expect, test } from '@jest/globals';
import { newId } from '../../shared/ids.ts';
import { LinkTokens } from './links.ts';

const secret = 'a-secret-of-more-than-thirty-two-characters';
const links = new LinkTokens({ secret });
const id = newId();

test('a token opens for its own purpose only', () => {
  const token = links.issue('verify', id);
  expect(links.open('verify', token)).toEqual(id);
  expect(links.open('reset', token)).toBeUndefined();
});

test('after a rotation links of the previous secret still open, those of an older one do not', () => {
  const token = links.issue('verify', id);
  const next = `${secret}-next`;
  expect(new LinkTokens({ secret: next, previousSecret: secret }).open('verify', token)).toEqual(id);
  expect(new LinkTokens({ secret: next }).open('verify', token)).toBeUndefined();
});

test.each([
  ['nothing', ''],
  ['an id alone', Buffer.from(id.toHexString(), 'hex').toString('base64url')],
  ['a changed id', `A${links.issue('verify', id).slice(1)}`],
  ['more than a token', `${links.issue('verify', id)}AAAA`],
])('%s opens nothing', (_what, token) => {
  expect(links.open('verify', token)).toBeUndefined();
});
